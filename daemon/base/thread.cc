#include "daemon/base/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>

namespace hfget {

void NameThread(const char* name) { pthread_setname_np(pthread_self(), name); }

void YieldToOthers(int nice) {
  const auto self = static_cast<id_t>(gettid());
  errno = 0;
  const int now = getpriority(PRIO_PROCESS, self);
  if (errno == 0) setpriority(PRIO_PROCESS, self, now + nice);  // where it may not, it stays as it is
}

}  // namespace hfget
