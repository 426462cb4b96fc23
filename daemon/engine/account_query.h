// Asks whose token it is.
#ifndef HFGET_DAEMON_ENGINE_ACCOUNT_QUERY_H_
#define HFGET_DAEMON_ENGINE_ACCOUNT_QUERY_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/small_request.h"

namespace hfget::engine {

// Of the sources that may see the token, authorities first; who answers as a hub does is believed. Starts with the
// construction, ends with the destruction. Says nothing about a source's health: hubs limit this call strictly.
// Thread: the engine.
class AccountQuery {
 public:
  // `done` is called once, never before the constructor has returned, and may destroy this object.
  AccountQuery(Context& context, Secret token, absl::AnyInvocable<void(AccountAnswer)> done);

 private:
  void NextSource();
  void OnAnswer(core::SourceIndex source, const SmallAnswer& answer);
  void PassOver(core::SourceIndex source, absl::string_view why);
  void Give(AccountAnswer answer);

  Context& context_;
  const Secret token_;
  absl::AnyInvocable<void(AccountAnswer)> done_;
  std::vector<core::SourceIndex> order_;
  size_t next_ = 0;
  std::vector<std::string> reasons_;  // "official: connection refused"
  std::unique_ptr<SmallRequest> request_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_ACCOUNT_QUERY_H_
