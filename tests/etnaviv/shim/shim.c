/* Stands between a process and the kernel (LD_PRELOAD): render nodes below $ETNAVIV_SHIM_FOLDER are served by a
 * fake kernel that listens at $ETNAVIV_SHIM_SOCKET. An opened node is a connection to it; ioctl and mmap on that
 * descriptor become requests, and buffer memory comes back as a descriptor to map. Other calls pass through.
 *
 * $ETNAVIV_SHIM_FAULT makes calls fail: "NAME:FIRST-LAST:ERRNO[;...]" lets the FIRST-th to LAST-th call of NAME (open,
 * mmap, or an ioctl such as GEM_NEW) fail with that error number, counted from the variable's last change.
 */
#define _GNU_SOURCE
#include "etnaviv_drm.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NEXT(name, type) ((type)dlsym(RTLD_NEXT, name))
#define DESCRIPTORS 65536
#define REPLY_BYTES 4096

enum operation { OPEN = 1, IOCTL = 2, MMAP = 3 };

struct request {
    uint32_t operation, length;
    uint64_t number, size;
};

struct reply {
    int32_t error;
    uint32_t length;
};

static unsigned char is_node[DESCRIPTORS];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

static int injected_error(const char *name)
{
    static char current[512];
    static struct {
        char name[32];
        int calls;
    } counters[16];
    static int counter_count;
    const char *faults = getenv("ETNAVIV_SHIM_FAULT");

    if (!faults)
        faults = "";
    if (strcmp(faults, current)) {
        snprintf(current, sizeof current, "%s", faults);
        counter_count = 0;
    }
    int index = 0;
    while (index < counter_count && strcmp(counters[index].name, name))
        index++;
    if (index == 16)
        return 0;
    if (index == counter_count) {
        snprintf(counters[index].name, sizeof counters[index].name, "%s", name);
        counters[index].calls = 0;
        counter_count++;
    }
    int call = ++counters[index].calls;
    for (const char *fault = faults; fault && *fault; fault = strchr(fault, ';') ? strchr(fault, ';') + 1 : NULL) {
        char wanted[32];
        int first, last, error;
        if (sscanf(fault, "%31[^:]:%d-%d:%d", wanted, &first, &last, &error) == 4 && !strcmp(wanted, name) &&
            call >= first && call <= last)
            return error;
    }
    return 0;
}

static int send_all(int fd, const void *data, size_t size)
{
    for (const char *p = data; size;) {
        ssize_t sent = send(fd, p, size, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR)
            continue;
        if (sent <= 0)
            return -1;
        p += sent;
        size -= (size_t)sent;
    }
    return 0;
}

static int receive_all(int fd, void *data, size_t size)
{
    for (char *p = data; size;) {
        ssize_t got = recv(fd, p, size, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return -1;
        p += got;
        size -= (size_t)got;
    }
    return 0;
}

/* The reply's first bytes can carry a descriptor. */
static int receive_reply(int fd, struct reply *reply, int *passed)
{
    char control[CMSG_SPACE(sizeof(int))];
    struct iovec vector = {reply, sizeof *reply};
    struct msghdr message = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got;

    do
        got = recvmsg(fd, &message, MSG_WAITALL | MSG_CMSG_CLOEXEC);
    while (got < 0 && errno == EINTR);
    if (got != sizeof *reply)
        return -1;
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    if (passed && header && header->cmsg_type == SCM_RIGHTS)
        memcpy(passed, CMSG_DATA(header), sizeof *passed);
    return 0;
}

/* Returns the error number of the reply, whose bytes go to `answer`. */
static int transact(int fd, struct request request, struct iovec *parts, int count, char *answer, int *passed)
{
    struct reply reply;
    int failed;

    request.length = 0;
    for (int i = 0; i < count; i++)
        request.length += (uint32_t)parts[i].iov_len;
    pthread_mutex_lock(&mutex);
    failed = send_all(fd, &request, sizeof request);
    for (int i = 0; i < count && !failed; i++)
        failed = send_all(fd, parts[i].iov_base, parts[i].iov_len);
    failed = failed || receive_reply(fd, &reply, passed) || reply.length > REPLY_BYTES ||
             receive_all(fd, answer, reply.length);
    pthread_mutex_unlock(&mutex);
    return failed ? EIO : reply.error;
}

static int result_of(int error)
{
    if (error)
        errno = error;
    return error ? -1 : 0;
}

static const char *node_name(const char *path)
{
    const char *folder = getenv("ETNAVIV_SHIM_FOLDER");
    size_t length = folder ? strlen(folder) : 0;

    if (!length || strncmp(path, folder, length) || path[length] != '/' || strncmp(path + length + 1, "renderD", 7))
        return NULL;
    return path + length + 1;
}

static int open_node(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    char answer[REPLY_BYTES];
    int error = injected_error("open");

    if (error)
        return result_of(error);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    snprintf(address.sun_path, sizeof address.sun_path, "%s", getenv("ETNAVIV_SHIM_SOCKET"));
    struct iovec part = {(void *)name, strlen(name)};
    if (fd >= DESCRIPTORS || connect(fd, (struct sockaddr *)&address, sizeof address))
        error = ENXIO;
    else
        error = transact(fd, (struct request){.operation = OPEN}, &part, 1, answer, NULL);
    if (error) {
        NEXT("close", int (*)(int))(fd);
        return result_of(error);
    }
    is_node[fd] = 1;
    return fd;
}

static int open_any(const char *symbol, int directory, const char *path, int flags, mode_t mode)
{
    const char *name = node_name(path);

    if (name)
        return open_node(name);
    if (!strncmp(symbol, "openat", 6))
        return NEXT(symbol, int (*)(int, const char *, int, ...))(directory, path, flags, mode);
    return NEXT(symbol, int (*)(const char *, int, ...))(path, flags, mode);
}

#define MODE_OF(flags)                                                                                                 \
    mode_t mode = 0;                                                                                                   \
    if ((flags) & (O_CREAT | O_TMPFILE)) {                                                                             \
        va_list arguments;                                                                                             \
        va_start(arguments, flags);                                                                                    \
        mode = va_arg(arguments, mode_t);                                                                              \
        va_end(arguments);                                                                                             \
    }

int open(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("open", AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("open64", AT_FDCWD, path, flags, mode);
}

int openat(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("openat", directory, path, flags, mode);
}

int openat64(int directory, const char *path, int flags, ...)
{
    MODE_OF(flags)
    return open_any("openat64", directory, path, flags, mode);
}

int close(int fd)
{
    if (fd >= 0 && fd < DESCRIPTORS)
        is_node[fd] = 0;
    return NEXT("close", int (*)(int))(fd);
}

static const char *request_name(unsigned long request)
{
    switch (request) {
    case DRM_IOCTL_VERSION: return "VERSION";
    case DRM_IOCTL_GEM_CLOSE: return "GEM_CLOSE";
    case DRM_IOCTL_ETNAVIV_GET_PARAM: return "GET_PARAM";
    case DRM_IOCTL_ETNAVIV_GEM_NEW: return "GEM_NEW";
    case DRM_IOCTL_ETNAVIV_GEM_INFO: return "GEM_INFO";
    case DRM_IOCTL_ETNAVIV_GEM_CPU_PREP: return "GEM_CPU_PREP";
    case DRM_IOCTL_ETNAVIV_GEM_CPU_FINI: return "GEM_CPU_FINI";
    case DRM_IOCTL_ETNAVIV_GEM_SUBMIT: return "GEM_SUBMIT";
    case DRM_IOCTL_ETNAVIV_WAIT_FENCE: return "WAIT_FENCE";
    default: return NULL;
    }
}

static int node_ioctl(int fd, unsigned long request, void *argument)
{
    const char *name = request_name(request);
    char answer[REPLY_BYTES];
    size_t size = _IOC_SIZE(request);
    struct iovec parts[3] = {{argument, size}};
    int count = 1;

    if (!name)
        return result_of(ENOTTY);
    int error = injected_error(name);
    if (error)
        return result_of(error);
    if (request == DRM_IOCTL_ETNAVIV_GEM_SUBMIT) {
        struct drm_etnaviv_gem_submit *submit = argument;
        parts[1] = (struct iovec){(void *)(uintptr_t)submit->bos, submit->nr_bos * sizeof(struct drm_etnaviv_gem_submit_bo)};
        parts[2] = (struct iovec){(void *)(uintptr_t)submit->stream, submit->stream_size};
        count = 3;
    }
    error = transact(fd, (struct request){.operation = IOCTL, .number = request, .size = size}, parts, count, answer, NULL);
    if (error)
        return result_of(error);
    if (request == DRM_IOCTL_VERSION) {
        struct drm_version *version = argument, served;
        memcpy(&served, answer, sizeof served);
        size_t room = version->name ? version->name_len : 0;
        memcpy(version->name, answer + sizeof served, room < served.name_len ? room : served.name_len);
        version->version_major = served.version_major;
        version->version_minor = served.version_minor;
        version->version_patchlevel = served.version_patchlevel;
        version->name_len = served.name_len;
    } else if (_IOC_DIR(request) & _IOC_READ) {
        memcpy(argument, answer, size);
    }
    return 0;
}

int ioctl(int fd, unsigned long request, ...)
{
    va_list arguments;

    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (fd >= 0 && fd < DESCRIPTORS && is_node[fd] && _IOC_TYPE(request) == 'd')
        return node_ioctl(fd, request, argument);
    return NEXT("ioctl", int (*)(int, unsigned long, ...))(fd, request, argument);
}

static void *map_any(const char *symbol, void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    void *(*next)(void *, size_t, int, int, int, off_t) = dlsym(RTLD_NEXT, symbol);
    char answer[REPLY_BYTES];
    int memory = -1;

    if (fd < 0 || fd >= DESCRIPTORS || !is_node[fd])
        return next(address, size, protection, flags, fd, offset);
    int error = injected_error("mmap");
    if (!error)
        error = transact(fd, (struct request){.operation = MMAP, .number = (uint64_t)offset, .size = size}, NULL, 0, answer,
                         &memory);
    if (error) {
        errno = error;
        return MAP_FAILED;
    }
    void *mapping = next(address, size, protection, flags, memory, 0);
    int saved = errno;
    NEXT("close", int (*)(int))(memory);
    errno = saved;
    return mapping;
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_any("mmap", address, size, protection, flags, fd, offset);
}

void *mmap64(void *address, size_t size, int protection, int flags, int fd, off_t offset)
{
    return map_any("mmap64", address, size, protection, flags, fd, offset);
}
