"""Raw files as publishers ship them: downloads, archives, id lists, published counts, pixel conversion."""
