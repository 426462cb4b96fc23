#include "tests/fault_shim/rules.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace fault_shim {
namespace {

constexpr int kMaxRules = 64;
constexpr size_t kMaxText = 256;
constexpr size_t kMaxFile = 32 * 1024;
constexpr size_t kMaxLine = 2 * 4096 + 256;  // of the log

struct Rule {
  char calls[kMaxText];  // ",a,b," or "*"
  char path[kMaxText];   // a part of the path, or "*"
  Verdict verdict;
  uint64_t nth = 1;          // the first matching call that is struck
  uint64_t count = 0;        // how many are struck; 0: all from there
  double probability = 1;
  uint64_t random = 1;       // the generator's state
  uint64_t matched = 0;
  uint64_t struck = 0;
  int line = 0;
};

struct ErrorName {
  const char* name;
  int number;
};

constexpr ErrorName kErrors[] = {
    {"ENOSPC", ENOSPC}, {"EIO", EIO},       {"EROFS", EROFS},   {"EDQUOT", EDQUOT},
    {"EINTR", EINTR},   {"ENOLCK", ENOLCK}, {"EACCES", EACCES}, {"EPERM", EPERM},
    {"ENOENT", ENOENT}, {"EMFILE", EMFILE}, {"ENFILE", ENFILE}, {"ENOMEM", ENOMEM},
    {"EEXIST", EEXIST}, {"ESTALE", ESTALE}, {"EBUSY", EBUSY},   {"EOPNOTSUPP", EOPNOTSUPP},
    {"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}, {"EXDEV", EXDEV},   {"ENAMETOOLONG", ENAMETOOLONG},
    {"EFBIG", EFBIG},   {"ELOOP", ELOOP},   {"EMLINK", EMLINK}, {"EWOULDBLOCK", EWOULDBLOCK},
    {"EAGAIN", EAGAIN}, {"ETIMEDOUT", ETIMEDOUT}};

// Everything below: guarded by mutex.
pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
Rule rules[kMaxRules];
int rule_count = 0;
struct stat seen = {};  // the rules file when it was read
uint64_t calls_logged = 0;
int log_fd = -1;
char file_text[kMaxFile];
char log_line[kMaxLine];

// A signal may come while its thread is in here, and its handler may write: that call passes.
thread_local bool inside __attribute__((tls_model("initial-exec"))) = false;

class Guard {
 public:
  Guard() : error_(errno) {
    inside = true;
    pthread_mutex_lock(&mutex);
  }
  ~Guard() {
    pthread_mutex_unlock(&mutex);
    inside = false;
    errno = error_;
  }

 private:
  const int error_;
};

const char* RulesPath() {
  static const char* const path = getenv("HFGET_FAULT_RULES");
  return path;
}

void Complain(int line, const char* what) {
  char text[kMaxText + 64];
  const int size = snprintf(text, sizeof text, "fault_shim: rules file, line %d: %s\n", line, what);
  (void)!syscall(SYS_write, STDERR_FILENO, text, static_cast<size_t>(size));
}

bool ParseAction(const char* text, Rule& rule) {
  Verdict& v = rule.verdict;
  if (strcmp(text, "log") == 0) return true;
  if (strcmp(text, "short") == 0) return v.action = Action::kShort, true;
  if (strcmp(text, "kill-before") == 0) return v.action = Action::kKillBefore, true;
  if (strcmp(text, "kill-after") == 0) return v.action = Action::kKillAfter, true;
  if (strcmp(text, "full") == 0) return v.action = Action::kFull, true;
  if (strncmp(text, "delay-", 6) == 0) {
    v.action = Action::kDelay;
    v.delay_ms = atoi(text + 6);
    return v.delay_ms > 0;
  }
  for (const ErrorName& e : kErrors) {
    if (strcmp(text, e.name) != 0) continue;
    v.action = Action::kErrno;
    v.error = e.number;
    return true;
  }
  return false;
}

bool ParseOption(const char* text, Rule& rule) {
  if (strncmp(text, "nth=", 4) == 0) return (rule.nth = strtoull(text + 4, nullptr, 10)) > 0;
  if (strncmp(text, "count=", 6) == 0) return (rule.count = strtoull(text + 6, nullptr, 10)) > 0;
  if (strncmp(text, "p=", 2) == 0) return (rule.probability = strtod(text + 2, nullptr)) > 0;
  if (strncmp(text, "seed=", 5) == 0) {
    // Spread, or small seeds would all begin with small numbers.
    rule.random = (strtoull(text + 5, nullptr, 10) + 1) * 0x9E3779B97F4A7C15;
    return rule.random != 0;
  }
  return false;
}

// CALLS PATH ACTION [OPTION…]
bool ParseRule(char* line, Rule& rule) {
  char* rest = nullptr;
  const char* const calls = strtok_r(line, " \t", &rest);
  const char* const path = strtok_r(nullptr, " \t", &rest);
  const char* const action = strtok_r(nullptr, " \t", &rest);
  if (action == nullptr || strlen(calls) + 3 > kMaxText || strlen(path) + 1 > kMaxText) return false;
  snprintf(rule.calls, sizeof rule.calls, strcmp(calls, "*") == 0 ? "%s" : ",%s,", calls);
  snprintf(rule.path, sizeof rule.path, "%s", path);
  if (!ParseAction(action, rule)) return false;
  while (const char* option = strtok_r(nullptr, " \t", &rest)) {
    if (!ParseOption(option, rule)) return false;
  }
  return true;
}

void ParseFile(char* text) {
  rule_count = 0;
  char* rest = nullptr;
  int number = 0;
  for (char* line = text; line != nullptr; line = rest) {
    rest = strchr(line, '\n');
    if (rest != nullptr) *rest++ = '\0';
    ++number;
    line += strspn(line, " \t");
    if (*line == '\0' || *line == '#') continue;
    if (rule_count == kMaxRules) return Complain(number, "too many rules");
    Rule rule;
    rule.line = number;
    if (ParseRule(line, rule)) {
      rules[rule_count++] = rule;
    } else {
      Complain(number, "not CALLS PATH ACTION [nth=N] [count=N] [p=P] [seed=N]");
    }
  }
}

bool Same(const struct stat& a, const struct stat& b) {
  return a.st_ino == b.st_ino && a.st_size == b.st_size && a.st_mtim.tv_sec == b.st_mtim.tv_sec &&
         a.st_mtim.tv_nsec == b.st_mtim.tv_nsec && a.st_ctim.tv_nsec == b.st_ctim.tv_nsec;
}

// The system calls themselves: the functions of these names are the shim's own.
void RereadIfChanged() {
  struct stat now = {};
  if (stat(RulesPath(), &now) != 0) {
    rule_count = 0;
    seen = {};
    return;
  }
  if (Same(now, seen)) return;
  const int fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, RulesPath(), O_RDONLY | O_CLOEXEC));
  if (fd < 0) return;
  const ssize_t size = syscall(SYS_read, fd, file_text, kMaxFile - 1);
  syscall(SYS_close, fd);
  if (size < 0) return;
  file_text[size] = '\0';
  seen = now;
  ParseFile(file_text);
}

bool Speaks(const Rule& rule, const char* call) {
  if (rule.calls[0] == '*') return true;
  const char* at = rule.calls;
  const size_t length = strlen(call);
  while ((at = strstr(at, call)) != nullptr) {
    if (at[-1] == ',' && at[length] == ',') return true;
    at += length;
  }
  return false;
}

bool Fits(const Rule& rule, const char* path, const char* other) {
  return strcmp(rule.path, "*") == 0 || strstr(path, rule.path) != nullptr ||
         strstr(other, rule.path) != nullptr;
}

double Draw(Rule& rule) {  // xorshift64
  rule.random ^= rule.random << 13;
  rule.random ^= rule.random >> 7;
  rule.random ^= rule.random << 17;
  return static_cast<double>(rule.random >> 11) / 9007199254740992.0;
}

bool Strikes(Rule& rule) {
  ++rule.matched;
  if (rule.matched < rule.nth) return false;
  if (rule.count > 0 && rule.struck >= rule.count) return false;
  if (rule.probability < 1 && Draw(rule) >= rule.probability) return false;
  ++rule.struck;
  return true;
}

// NUMBER LINE-OF-RULE struck|passed CALL PATH [OTHER]: one write, so that lines of threads do not mix and a kill loses none.
void Log(const Rule& rule, bool struck, const char* call, const char* path, const char* other) {
  static const char* const name = getenv("HFGET_FAULT_LOG");
  if (name == nullptr) return;
  constexpr int kAppend = O_APPEND | O_CLOEXEC | O_CREAT | O_WRONLY;
  if (log_fd < 0) log_fd = static_cast<int>(syscall(SYS_openat, AT_FDCWD, name, kAppend, 0644));
  const int size = snprintf(log_line, kMaxLine, "%llu %d %s %s %s %s\n",
                            static_cast<unsigned long long>(++calls_logged), rule.line,
                            struck ? "struck" : "passed", call, path, other);
  const size_t kept = static_cast<size_t>(size) < kMaxLine ? static_cast<size_t>(size) : kMaxLine - 1;
  (void)!syscall(SYS_write, log_fd, log_line, kept);
}

}  // namespace

bool Concerned(const char* call) {
  if (inside || RulesPath() == nullptr) return false;
  const Guard guard;
  RereadIfChanged();
  for (int i = 0; i < rule_count; ++i) {
    if (Speaks(rules[i], call)) return true;
  }
  return false;
}

Verdict Judge(const char* call, const char* path, const char* other) {
  const Guard guard;
  for (int i = 0; i < rule_count; ++i) {
    Rule& rule = rules[i];
    if (!Speaks(rule, call) || !Fits(rule, path, other)) continue;
    const bool struck = Strikes(rule);
    Log(rule, struck, call, path, other);
    if (struck && rule.verdict.action != Action::kNone) return rule.verdict;
  }
  return {};
}

void KillSelf() {
  for (;;) kill(getpid(), SIGKILL);
}

}  // namespace fault_shim
