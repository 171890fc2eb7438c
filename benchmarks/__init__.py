"""Speed against independent implementations, both sides measured in one run (``python -m benchmarks [topic ...]``)."""
