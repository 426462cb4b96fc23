// Tells ThreadSanitizer of Abseil's locks. Debian's Abseil is not built for it, so that every absl::Mutex would be invisible, and
// what it guards a race. Defined in the program, these come before those of the shared library, also for gRPC's calls, and hand on
// to them. Abseil built for TSan says the same of itself (absl/synchronization/mutex.cc, ABSL_TSAN_MUTEX_*).
#include <dlfcn.h>
#include <sanitizer/tsan_interface.h>

#include <cstdlib>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

extern "C" {
void AnnotateIgnoreReadsBegin(const char* file, int line);
void AnnotateIgnoreReadsEnd(const char* file, int line);
void AnnotateIgnoreWritesBegin(const char* file, int line);
void AnnotateIgnoreWritesEnd(const char* file, int line);
}

namespace {

// Within Abseil. What it does to its own locks there is told as one step by who called it; and it may look at somebody else's
// condition, with a lock held that TSan knows nothing of.
class Within {
 public:
  static bool any() { return depth_ > 0; }
  Within() {
    ++depth_;
    AnnotateIgnoreReadsBegin(__FILE__, __LINE__);
    AnnotateIgnoreWritesBegin(__FILE__, __LINE__);
  }
  ~Within() {
    AnnotateIgnoreWritesEnd(__FILE__, __LINE__);
    AnnotateIgnoreReadsEnd(__FILE__, __LINE__);
    --depth_;
  }

 private:
  static thread_local int depth_;
};
thread_local int Within::depth_ = 0;

// `name`: as the linker knows it.
template <typename F>
F Next(const char* name) {
  void* const found = dlsym(RTLD_NEXT, name);
  if (found == nullptr) abort();
  return reinterpret_cast<F>(found);
}

void Locking(const void* mutex, unsigned flags = 0) {
  __tsan_mutex_pre_lock(const_cast<void*>(mutex), flags | __tsan_mutex_not_static);
}
void Locked(const void* mutex, unsigned flags = 0) {
  __tsan_mutex_post_lock(const_cast<void*>(mutex), flags | __tsan_mutex_not_static, 0);
}
void Unlocking(const void* mutex, unsigned flags = 0) { __tsan_mutex_pre_unlock(const_cast<void*>(mutex), flags); }
void Unlocked(const void* mutex, unsigned flags = 0) { __tsan_mutex_post_unlock(const_cast<void*>(mutex), flags); }

#define NEXT(symbol, ...) static const auto next = Next<__VA_ARGS__>(symbol)

using MutexCall = void (*)(absl::Mutex*);
using MutexTry = bool (*)(absl::Mutex*);

void Take(absl::Mutex* mutex, MutexCall next, unsigned flags) {
  if (Within::any()) return next(mutex);
  Locking(mutex, flags);
  {
    const Within within;
    next(mutex);
  }
  Locked(mutex, flags);
}

void Give(absl::Mutex* mutex, MutexCall next, unsigned flags) {
  if (Within::any()) return next(mutex);
  Unlocking(mutex, flags);
  {
    const Within within;
    next(mutex);
  }
  Unlocked(mutex, flags);
}

bool Try(absl::Mutex* mutex, MutexTry next, unsigned flags) {
  if (Within::any()) return next(mutex);
  flags |= __tsan_mutex_try_lock;
  Locking(mutex, flags);
  const bool taken = next(mutex);
  Locked(mutex, taken ? flags : flags | __tsan_mutex_try_lock_failed);
  return taken;
}

// Lets go of the lock during `call`, as TSan sees it.
template <typename Call>
auto Without(const absl::Mutex* mutex, Call call) {
  if (Within::any()) return call();
  struct Around {
    const absl::Mutex* mutex;
    explicit Around(const absl::Mutex* m) : mutex(m) { Unlocking(m), Unlocked(m), Locking(m); }
    ~Around() { Locked(mutex); }
  } around(mutex);
  const Within within;
  return call();
}

}  // namespace

namespace absl {
ABSL_NAMESPACE_BEGIN

Mutex::~Mutex() {
  NEXT("_ZN4absl7debian35MutexD1Ev", MutexCall);
  __tsan_mutex_destroy(this, __tsan_mutex_not_static);
  next(this);
}
void Mutex::Lock() {
  NEXT("_ZN4absl7debian35Mutex4LockEv", MutexCall);
  Take(this, next, 0);
}
void Mutex::Unlock() {
  NEXT("_ZN4absl7debian35Mutex6UnlockEv", MutexCall);
  Give(this, next, 0);
}
bool Mutex::TryLock() {
  NEXT("_ZN4absl7debian35Mutex7TryLockEv", MutexTry);
  return Try(this, next, 0);
}
void Mutex::ReaderLock() {
  NEXT("_ZN4absl7debian35Mutex10ReaderLockEv", MutexCall);
  Take(this, next, __tsan_mutex_read_lock);
}
void Mutex::ReaderUnlock() {
  NEXT("_ZN4absl7debian35Mutex12ReaderUnlockEv", MutexCall);
  Give(this, next, __tsan_mutex_read_lock);
}
bool Mutex::ReaderTryLock() {
  NEXT("_ZN4absl7debian35Mutex13ReaderTryLockEv", MutexTry);
  return Try(this, next, __tsan_mutex_read_lock);
}
void Mutex::Await(const Condition& condition) {
  NEXT("_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE", void (*)(Mutex*, const Condition&));
  Without(this, [&] { next(this, condition); });
}
bool Mutex::AwaitWithDeadline(const Condition& condition, Time deadline) {
  NEXT("_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool (*)(Mutex*, const Condition&, Time));
  return Without(this, [&] { return next(this, condition, deadline); });
}
bool Mutex::AwaitWithTimeout(const Condition& condition, Duration timeout) {
  NEXT("_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool (*)(Mutex*, const Condition&, Duration));
  return Without(this, [&] { return next(this, condition, timeout); });
}

void CondVar::Wait(Mutex* mutex) {
  NEXT("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE", void (*)(CondVar*, Mutex*));
  Without(mutex, [&] { next(this, mutex); });
}
bool CondVar::WaitWithDeadline(Mutex* mutex, Time deadline) {
  NEXT("_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", bool (*)(CondVar*, Mutex*, Time));
  return Without(mutex, [&] { return next(this, mutex, deadline); });
}
bool CondVar::WaitWithTimeout(Mutex* mutex, Duration timeout) {
  NEXT("_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", bool (*)(CondVar*, Mutex*, Duration));
  return Without(mutex, [&] { return next(this, mutex, timeout); });
}

// These have a fast path that is an atomic of the library's own.
void Notification::Notify() {
  NEXT("_ZN4absl7debian312Notification6NotifyEv", void (*)(Notification*));
  __tsan_release(this);
  const Within within;
  next(this);
}
void Notification::WaitForNotification() const {
  NEXT("_ZNK4absl7debian312Notification19WaitForNotificationEv", void (*)(const Notification*));
  {
    const Within within;
    next(this);
  }
  __tsan_acquire(const_cast<Notification*>(this));
}
bool Notification::WaitForNotificationWithTimeout(Duration timeout) const {
  NEXT("_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE", bool (*)(const Notification*, Duration));
  const bool notified = [&] {
    const Within within;
    return next(this, timeout);
  }();
  if (notified) __tsan_acquire(const_cast<Notification*>(this));
  return notified;
}

bool BlockingCounter::DecrementCount() {
  NEXT("_ZN4absl7debian315BlockingCounter14DecrementCountEv", bool (*)(BlockingCounter*));
  __tsan_release(this);
  const Within within;
  return next(this);
}
void BlockingCounter::Wait() {
  NEXT("_ZN4absl7debian315BlockingCounter4WaitEv", void (*)(BlockingCounter*));
  {
    const Within within;
    next(this);
  }
  __tsan_acquire(this);
}

ABSL_NAMESPACE_END
}  // namespace absl
