"""Literature to validated tables: schema, dataset, data package."""
