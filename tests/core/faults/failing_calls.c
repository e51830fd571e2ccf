/* Makes one call of the system fail, the one of a given number, for tests.
 *
 * Preloaded (ld.so(8), LD_PRELOAD), it stands before libc's functions that touch files. fail_at(n, e)
 * lets the n-th call from then on fail with errno e; calls_made() says how many there were. A close
 * that fails has closed all the same, as on Linux.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/xattr.h>
#include <unistd.h>

static int made, failing, number_of_error;
static const char *failed = "";

void fail_at(int number, int error) {
    made = 0;
    failed = "";
    failing = number;
    number_of_error = error;
}

int calls_made(void) { return made; }

const char *failed_call(void) { return failed; }

static int fails(const char *name) {
    if (failing == 0 || ++made != failing)
        return 0;
    failed = name;
    errno = number_of_error;
    return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

#define WRAP(type, name, parameters, arguments)     \
    type name parameters {                          \
        if (fails(#name))                           \
            return (type)-1;                        \
        return NEXT(name) arguments;                \
    }

WRAP(ssize_t, write, (int f, const void *b, size_t n), (f, b, n))
WRAP(ssize_t, pwrite64, (int f, const void *b, size_t n, off64_t o), (f, b, n, o))
WRAP(ssize_t, read, (int f, void *b, size_t n), (f, b, n))
WRAP(ssize_t, pread64, (int f, void *b, size_t n, off64_t o), (f, b, n, o))
WRAP(off64_t, lseek64, (int f, off64_t o, int w), (f, o, w))
WRAP(int, fsync, (int f), (f))
WRAP(int, ftruncate64, (int f, off64_t n), (f, n))
WRAP(int, fchmod, (int f, mode_t m), (f, m))
WRAP(int, fchown, (int f, uid_t u, gid_t g), (f, u, g))
WRAP(int, fchmodat, (int d, const char *p, mode_t m, int x), (d, p, m, x))
WRAP(int, chmod, (const char *p, mode_t m), (p, m))
WRAP(int, flock, (int f, int o), (f, o))
WRAP(int, link, (const char *a, const char *b), (a, b))
WRAP(int, linkat, (int d, const char *a, int e, const char *b, int x), (d, a, e, b, x))
WRAP(int, rename, (const char *a, const char *b), (a, b))
WRAP(int, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b))
WRAP(int, renameat2, (int d, const char *a, int e, const char *b, unsigned x), (d, a, e, b, x))
WRAP(int, unlink, (const char *p), (p))
WRAP(int, unlinkat, (int d, const char *p, int x), (d, p, x))
WRAP(int, mkdir, (const char *p, mode_t m), (p, m))
WRAP(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m))
WRAP(int, stat64, (const char *p, struct stat64 *s), (p, s))
WRAP(int, lstat64, (const char *p, struct stat64 *s), (p, s))
WRAP(int, fstat64, (int f, struct stat64 *s), (f, s))
WRAP(int, fstatat64, (int d, const char *p, struct stat64 *s, int x), (d, p, s, x))
WRAP(int, faccessat, (int d, const char *p, int m, int x), (d, p, m, x))
WRAP(int, access, (const char *p, int m), (p, m))
WRAP(ssize_t, readlink, (const char *p, char *b, size_t n), (p, b, n))
WRAP(ssize_t, readlinkat, (int d, const char *p, char *b, size_t n), (d, p, b, n))
WRAP(ssize_t, flistxattr, (int f, char *b, size_t n), (f, b, n))
WRAP(ssize_t, fgetxattr, (int f, const char *k, void *b, size_t n), (f, k, b, n))
WRAP(int, fsetxattr, (int f, const char *k, const void *b, size_t n, int x), (f, k, b, n, x))
WRAP(int, dup, (int f), (f))

DIR *opendir(const char *path) { return fails("opendir") ? NULL : NEXT(opendir)(path); }

int close(int file) {
    int done = NEXT(close)(file);
    return fails("close") ? -1 : done;
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("open") ? -1 : NEXT(open64)(path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = va_arg(rest, mode_t);
    va_end(rest);
    return fails("openat") ? -1 : NEXT(openat64)(folder, path, flags, mode);
}
