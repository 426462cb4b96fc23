#include "daemon/engine/source_check.h"

#include <utility>

#include "daemon/hub/hf_dialect.h"

namespace hfget::engine {

SourceCheck::SourceCheck(Context& context, core::SourceIndex source, hub::RepoId repo, std::string revision,
                         absl::AnyInvocable<void(Result)> done)
    : context_(context), source_(source), repo_(std::move(repo)), revision_(std::move(revision)), done_(std::move(done)) {
  Ask(context_.sources.at(source_).config.endpoint, [this](Question::Reply reply) { OnReply(std::move(reply)); });
}

void SourceCheck::Ask(const std::string& endpoint, absl::AnyInvocable<void(Question::Reply)> then) {
  Question::Wish wish;
  wish.source = source_;
  wish.url = hub::InfoUrl(endpoint, repo_, revision_);
  question_ = std::make_unique<Question>(
      context_, std::move(wish), lifetime_.Guard([this, then = std::move(then)](Question::Reply reply) mutable {
        const auto finished = std::move(question_);  // lives until this function ends
        then(std::move(reply));
      }));
}

void SourceCheck::OnReply(Question::Reply reply) {
  result_.reply = std::move(reply);
  const hub::RouteEvidence& seen = result_.reply.seen;
  if (hub::RouteTrouble(seen)) return End();
  const hub::Answerer who = hub::WhoAnswers(seen);
  // A hub takes a foreign prefix for the name of a repo that it does not have.
  repo_unknown_ = who == hub::Answerer::kHub && seen.status != 200 && !context_.sources.at(source_).config.authority;
  if (who != hub::Answerer::kStranger && who != hub::Answerer::kRefuses && !repo_unknown_) return End();
  candidates_ = hub::PrefixCandidates(context_.sources.at(source_).config.endpoint);
  TryNextPrefix();
}

void SourceCheck::TryNextPrefix() {
  if (next_ == candidates_.size()) return End();
  const std::string endpoint = candidates_[next_++];
  Ask(endpoint, [this, endpoint](Question::Reply reply) {
    const bool hub = !hub::RouteTrouble(reply.seen) && hub::WhoAnswers(reply.seen) == hub::Answerer::kHub;
    if (!hub || (repo_unknown_ && reply.seen.status != 200)) return TryNextPrefix();
    result_.right = endpoint;
    End();
  });
}

void SourceCheck::End() {
  auto done = std::move(done_);
  done(std::move(result_));
}

}  // namespace hfget::engine
