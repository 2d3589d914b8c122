"""The dataset under its own rules: what the literature contradicts, found without being told."""
