"""The suite as ComfyUI nodes. `description` is plain data; what imports ComfyUI is loaded by ComfyUI alone."""
