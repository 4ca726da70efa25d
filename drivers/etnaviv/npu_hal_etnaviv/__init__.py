"""The etnaviv driver: VeriSilicon's Vivante NPUs, by DRM or on an emulated device."""
