/* To be loaded before a program: the FAIL_AT-th request for memory fails. Of each request a number of
   64 bits, which is that of the place where it was made, its stack, is written to the file
   PLACES_FILE. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <unwind.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

enum { kMostRequests = 1 << 20 };
static uint64_t places[kMostRequests];
static atomic_long count;
static long fail_at;
static const char *places_file;
static __thread int inside __attribute__((tls_model("initial-exec")));

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("FAIL_AT");
  fail_at = text ? atol(text) : 0;
  places_file = getenv("PLACES_FILE");
  atomic_store(&count, 0);
}

__attribute__((destructor)) static void end(void) {
  if (!places_file) return;
  const long total = atomic_load(&count);
  const size_t size = (size_t)total * sizeof(places[0]);
  const int file = open(places_file, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (total > kMostRequests || file < 0 || write(file, places, size) != (ssize_t)size) _exit(3);
  close(file);
}

static _Unwind_Reason_Code add_frame(struct _Unwind_Context *context, void *place) {
  uint64_t *hash = place;
  *hash = (*hash ^ (uint64_t)_Unwind_GetIP(context)) * UINT64_C(0x9e3779b97f4a7c15);
  *hash ^= *hash >> 32;
  return _URC_NO_REASON;
}

static int fails(void) {
  if (inside) return 0; /* unwinding the stack may ask for memory itself */
  const long index = atomic_fetch_add(&count, 1);
  if (places_file && index < kMostRequests) {
    inside = 1;
    _Unwind_Backtrace(add_frame, &places[index]);
    inside = 0;
  }
  if (index + 1 != fail_at) return 0;
  errno = ENOMEM;
  return 1;
}

void *malloc(size_t size) { return fails() ? NULL : __libc_malloc(size); }
void *calloc(size_t number, size_t size) { return fails() ? NULL : __libc_calloc(number, size); }
void *realloc(void *old, size_t size) { return fails() ? NULL : __libc_realloc(old, size); }
void *memalign(size_t alignment, size_t size) {
  return fails() ? NULL : __libc_memalign(alignment, size);
}
void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }
int posix_memalign(void **result, size_t alignment, size_t size) {
  if (fails()) return ENOMEM;
  *result = __libc_memalign(alignment, size);
  return *result ? 0 : ENOMEM;
}
