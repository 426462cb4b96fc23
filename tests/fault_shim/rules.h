// What the shim is told to do: the rules file, and which of its rules strikes a call. See README.md for the format.
#ifndef HFGET_TESTS_FAULT_SHIM_RULES_H_
#define HFGET_TESTS_FAULT_SHIM_RULES_H_

#include <cstddef>
#include <cstdint>

namespace fault_shim {

enum class Action { kNone, kErrno, kShort, kKillBefore, kKillAfter, kFull, kDelay };

struct Verdict {
  Action action = Action::kNone;
  int error = 0;     // kErrno
  int delay_ms = 0;  // kDelay
};

// Which of the rules strikes the call `call` on `path` (`other`: the second path of a rename or link, or ""). Counts it, and logs it
// when a rule speaks of it.
// Thread: any, signal handlers included. Allocates nothing; keeps errno.
Verdict Judge(const char* call, const char* path, const char* other);

// Whether a rule speaks of `call` at all: cheap, so that no path is looked up in vain.
bool Concerned(const char* call);

// kKillBefore, kKillAfter: ends this process as `kill -9` does.
[[noreturn]] void KillSelf();

}  // namespace fault_shim

#endif  // HFGET_TESTS_FAULT_SHIM_RULES_H_
