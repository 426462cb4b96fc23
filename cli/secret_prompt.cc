#include "cli/secret_prompt.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>

#include "absl/cleanup/cleanup.h"

namespace hfget::cli {
namespace {

constexpr size_t kMaxSecretBytes = 64 * 1024;
constexpr char kCtrlC = 3;
constexpr char kCtrlD = 4;
constexpr char kCtrlU = 21;
constexpr char kBackspace = 8;
constexpr char kDelete = 127;

// 0: the end.
absl::StatusOr<char> ReadByte() {
  for (;;) {
    char c = 0;
    const ssize_t n = read(STDIN_FILENO, &c, 1);
    if (n >= 0) return n == 0 ? '\0' : c;
    if (errno != EINTR) return absl::ErrnoToStatus(errno, "cannot read standard input");
  }
}

// Without lines and signals of the terminal: else Ctrl-C would end us with the echo off.
absl::StatusOr<std::string> ReadTyped() {
  std::string secret;
  for (;;) {
    const absl::StatusOr<char> c = ReadByte();
    if (!c.ok()) return c.status();
    if (*c == kCtrlC || (secret.empty() && (*c == kCtrlD || *c == '\0'))) {
      return absl::CancelledError("nothing was typed");
    }
    if (*c == '\n' || *c == '\r' || *c == '\0' || *c == kCtrlD) return secret;
    if (*c == kCtrlU) {
      secret.clear();
    } else if (*c == kBackspace || *c == kDelete) {
      if (!secret.empty()) secret.pop_back();
    } else {
      secret += *c;
    }
    if (secret.size() > kMaxSecretBytes) return absl::InvalidArgumentError("that is too long");
  }
}

absl::StatusOr<std::string> ReadPiped() {
  std::string secret;
  for (;;) {
    const absl::StatusOr<char> c = ReadByte();
    if (!c.ok()) return c.status();
    if (*c == '\0' || *c == '\n') return secret;
    secret += *c;
    if (secret.size() > kMaxSecretBytes) {
      return absl::InvalidArgumentError("standard input holds no token: it is too long");
    }
  }
}

}  // namespace

absl::StatusOr<std::string> AskSecret(const std::string& prompt, std::ostream& err) {
  termios before{};
  if (tcgetattr(STDIN_FILENO, &before) != 0) return ReadPiped();  // no terminal
  termios quiet = before;
  quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | ISIG);
  quiet.c_cc[VMIN] = 1;
  quiet.c_cc[VTIME] = 0;
  err << prompt << std::flush;
  tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
  const absl::Cleanup restore = [&] {
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    err << "\n" << std::flush;
  };
  return ReadTyped();
}

}  // namespace hfget::cli
