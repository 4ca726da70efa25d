/* The part of the kernel's interface that the shim serves, for machines without the kernel's own etnaviv_drm.h. */
#ifndef ETNAVIV_DRM_H
#define ETNAVIV_DRM_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>

struct drm_version {
    int version_major, version_minor, version_patchlevel;
    size_t name_len;
    char *name;
    size_t date_len;
    char *date;
    size_t desc_len;
    char *desc;
};

struct drm_gem_close {
    uint32_t handle, pad;
};

struct drm_etnaviv_timespec {
    int64_t tv_sec, tv_nsec;
};

struct drm_etnaviv_param {
    uint32_t pipe, param;
    uint64_t value;
};

struct drm_etnaviv_gem_new {
    uint64_t size;
    uint32_t flags, handle;
};

struct drm_etnaviv_gem_info {
    uint32_t handle, pad;
    uint64_t offset;
};

struct drm_etnaviv_gem_cpu_prep {
    uint32_t handle, op;
    struct drm_etnaviv_timespec timeout;
};

struct drm_etnaviv_gem_cpu_fini {
    uint32_t handle, flags;
};

struct drm_etnaviv_gem_submit_bo {
    uint32_t flags, handle;
    uint64_t presumed;
};

struct drm_etnaviv_gem_submit {
    uint32_t fence, pipe, exec_state, nr_bos, nr_relocs, stream_size;
    uint64_t bos, relocs, stream;
    uint32_t flags;
    int32_t fence_fd;
    uint64_t pmrs;
    uint32_t nr_pmrs, pad;
};

struct drm_etnaviv_wait_fence {
    uint32_t pipe, fence, flags, pad;
    struct drm_etnaviv_timespec timeout;
};

#define DRM_IOCTL_VERSION _IOWR('d', 0x00, struct drm_version)
#define DRM_IOCTL_GEM_CLOSE _IOW('d', 0x09, struct drm_gem_close)
#define DRM_IOCTL_ETNAVIV_GET_PARAM _IOWR('d', 0x40, struct drm_etnaviv_param)
#define DRM_IOCTL_ETNAVIV_GEM_NEW _IOWR('d', 0x42, struct drm_etnaviv_gem_new)
#define DRM_IOCTL_ETNAVIV_GEM_INFO _IOWR('d', 0x43, struct drm_etnaviv_gem_info)
#define DRM_IOCTL_ETNAVIV_GEM_CPU_PREP _IOW('d', 0x44, struct drm_etnaviv_gem_cpu_prep)
#define DRM_IOCTL_ETNAVIV_GEM_CPU_FINI _IOW('d', 0x45, struct drm_etnaviv_gem_cpu_fini)
#define DRM_IOCTL_ETNAVIV_GEM_SUBMIT _IOWR('d', 0x46, struct drm_etnaviv_gem_submit)
#define DRM_IOCTL_ETNAVIV_WAIT_FENCE _IOW('d', 0x47, struct drm_etnaviv_wait_fence)

#endif
