// Whether a hub answers at a source's endpoint, and if not, at which one on the same host.
#ifndef HFGET_DAEMON_ENGINE_SOURCE_CHECK_H_
#define HFGET_DAEMON_ENGINE_SOURCE_CHECK_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/question.h"
#include "daemon/hub/diagnosis_answer.h"
#include "daemon/hub/repo_id.h"

namespace hfget::engine {

// Asks without a token. Starts with the construction; cancels with the destruction. Thread: the engine.
class SourceCheck {
 public:
  struct Result {
    Question::Reply reply;             // at the endpoint that is written
    std::optional<std::string> right;  // where a hub answers instead, or one that has the repo
  };

  // `done` may destroy this object.
  SourceCheck(Context& context, core::SourceIndex source, hub::RepoId repo, std::string revision,
              absl::AnyInvocable<void(Result)> done);

 private:
  void Ask(const std::string& endpoint, absl::AnyInvocable<void(Question::Reply)> then);
  void OnReply(Question::Reply reply);
  void TryNextPrefix();
  void End();

  Context& context_;
  const core::SourceIndex source_;
  const hub::RepoId repo_;
  const std::string revision_;
  absl::AnyInvocable<void(Result)> done_;
  Result result_;
  bool repo_unknown_ = false;  // a hub answers, and has not the repo
  std::vector<std::string> candidates_;
  size_t next_ = 0;
  std::unique_ptr<Question> question_;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_SOURCE_CHECK_H_
