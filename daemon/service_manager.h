// What the service manager that started us is told: sd_notify(3). Without one nothing happens.
#ifndef HFGET_DAEMON_SERVICE_MANAGER_H_
#define HFGET_DAEMON_SERVICE_MANAGER_H_

#include <memory>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"
#include "daemon/base/mailbox.h"

namespace hfget {

// Thread: any.
class ServiceManager {
 public:
  // Not `listens`: $NOTIFY_SOCKET is another service's, whose child we are.
  explicit ServiceManager(bool listens) : listens_(listens) {}

  // The start is over; `status` is shown by systemctl.
  void Ready(absl::string_view status) const;
  void Stopping(absl::string_view status) const;
  void Failed(const absl::Status& status) const;
  void Ping() const;
  // Without a ping in this time we are taken for hung (WatchdogSec=). Zero: nobody waits for one.
  absl::Duration patience() const;

 private:
  void Tell(const std::string& state) const;

  const bool listens_;
};

// Whether a thread still does what is posted to it. Thread: one, not the one that is looked at.
class Pulse {
 public:
  explicit Pulse(Executor& thread) : thread_(thread) {}
  // Asked again and again: whether it has answered since the last time. At most one question waits.
  bool Beats();

 private:
  Executor& thread_;
  std::shared_ptr<absl::Notification> asked_;
};

// Pings while the engine turns, and not when it hangs: then the manager ends us, and an unfinished
// pull goes on after the restart. Owns: a thread, when the manager waits for pings. Thread: made
// and destroyed by main.
class ServiceWatchdog {
 public:
  ServiceWatchdog(const ServiceManager& manager, Executor& engine);
  ~ServiceWatchdog();

 private:
  absl::Notification done_;
  std::thread thread_;
};

}  // namespace hfget

#endif  // HFGET_DAEMON_SERVICE_MANAGER_H_
