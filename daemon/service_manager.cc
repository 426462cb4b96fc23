#include "daemon/service_manager.h"

#include <systemd/sd-daemon.h>

#include <algorithm>
#include <cstdint>

#include "absl/strings/str_cat.h"
#include "daemon/base/thread.h"

namespace hfget {
namespace {

// Three questions in the manager's patience, so that one late answer is none too late.
constexpr int kPingsPerPatience = 3;

// STATUS= is one line.
std::string StatusLine(absl::string_view text) {
  std::string line = absl::StrCat("STATUS=", text);
  std::replace(line.begin(), line.end(), '\n', ' ');
  return line;
}

}  // namespace

void ServiceManager::Tell(const std::string& state) const {
  // A manager that is gone is not waited for; the daemon serves without it.
  if (listens_) sd_notify(/*unset_environment=*/0, state.c_str());
}

void ServiceManager::Ready(absl::string_view status) const {
  Tell(absl::StrCat("READY=1\n", StatusLine(status)));
}

void ServiceManager::Stopping(absl::string_view status) const {
  Tell(absl::StrCat("STOPPING=1\n", StatusLine(status)));
}

void ServiceManager::Failed(const absl::Status& status) const {
  Tell(StatusLine(status.message()));
}

void ServiceManager::Ping() const { Tell("WATCHDOG=1"); }

absl::Duration ServiceManager::patience() const {
  uint64_t microseconds = 0;
  if (!listens_ || sd_watchdog_enabled(/*unset_environment=*/0, &microseconds) <= 0)
    return absl::ZeroDuration();
  return absl::Microseconds(microseconds);
}

bool Pulse::Beats() {
  const bool answered = asked_ != nullptr && asked_->HasBeenNotified();
  if (asked_ == nullptr || answered) {
    asked_ = std::make_shared<absl::Notification>();
    thread_.Post([asked = asked_] { asked->Notify(); });
  }
  return answered;
}

ServiceWatchdog::ServiceWatchdog(const ServiceManager& manager, Executor& engine) {
  const absl::Duration period = manager.patience() / kPingsPerPatience;
  if (period == absl::ZeroDuration()) return;
  thread_ = std::thread([this, manager, period, pulse = Pulse(engine)]() mutable {
    NameThread("watchdog");
    do {
      if (pulse.Beats()) manager.Ping();
    } while (!done_.WaitForNotificationWithTimeout(period));
  });
}

ServiceWatchdog::~ServiceWatchdog() {
  done_.Notify();
  if (thread_.joinable()) thread_.join();
}

}  // namespace hfget
