"""Turn paths and expressions into values out of JSON: reference paths, JSONPath, JSONata."""
