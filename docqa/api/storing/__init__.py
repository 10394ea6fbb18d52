"""Files and vector stores over the catalog and the registry: received, attached, counted, shown, removed."""
