#include "cli/signals.h"

#include <unistd.h>

#include <csignal>
#include <thread>

namespace hfget::cli {
namespace {

bool IsIgnored(int signal) {
  struct sigaction action {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

sigset_t SignalsToTake() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGWINCH);
  sigaddset(&signals, SIGCONT);
  for (const int signal : {SIGINT, SIGTERM}) {
    if (!IsIgnored(signal)) sigaddset(&signals, signal);
  }
  return signals;
}

void Take(const sigset_t& signals, Inbox* inbox) {
  for (;;) {
    int signal = 0;
    if (sigwait(&signals, &signal) != 0) continue;
    if (!inbox->PutSignal(signal)) _exit(128 + signal);
  }
}

}  // namespace

void RouteSignals(Inbox* inbox) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed reader is a failed write, seen where we write
  const sigset_t signals = SignalsToTake();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  std::thread([signals, inbox] { Take(signals, inbox); }).detach();
}

}  // namespace hfget::cli
