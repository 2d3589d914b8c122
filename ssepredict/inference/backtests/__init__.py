"""The literature as it stood, and where later compositions stand among candidates."""
