"""Images and labels: raw files to prepared datasets, prepared datasets to tensors on a device."""
