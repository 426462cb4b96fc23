#include "daemon/base/thread.h"

#include <pthread.h>
#include <sys/resource.h>

#include <cerrno>

namespace hfget {

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

void YieldToOthers(int nice) {
  constexpr id_t kThisThread = 0;  // a "process" is a thread to Linux
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, kThisThread);
  if (errno == 0) setpriority(PRIO_PROCESS, kThisThread, now + nice);  // where it may not, it stays as it is
}

}  // namespace hfget
