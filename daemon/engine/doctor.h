// One diagnosis: would a pull work from here, from which sources, and what is wrong with the others?
#ifndef HFGET_DAEMON_ENGINE_DOCTOR_H_
#define HFGET_DAEMON_ENGINE_DOCTOR_H_

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/engine/account_query.h"
#include "daemon/engine/api.h"
#include "daemon/engine/canary_round.h"
#include "daemon/engine/context.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/prober.h"
#include "daemon/engine/question.h"
#include "daemon/engine/source_check.h"
#include "daemon/hub/diagnosis_answer.h"
#include "daemon/hub/diagnosis_pull.h"
#include "daemon/hub/diagnosis_repo.h"
#include "daemon/hub/diagnosis_token.h"
#include "daemon/hub/finding.h"

namespace hfget::engine {

// Asks in four steps, each of all sources at once: who answers (and who passes Authorization on); whose token it is; what is
// known of the repo; whether the first byte of a file comes. All judgement is in hub/diagnosis_*. A source's trouble is told
// as a warning when another source works, as a problem when none does; so it waits until that is known. Says nothing to
// Sources but new proofs. Thread: the engine.
class Doctor {
 public:
  // `tell` is called with each finding, `done` once, last; it may not destroy this object.
  Doctor(Context& context, Prober& prober, DiagnoseSpec spec, absl::AnyInvocable<void(const hub::Finding&)> tell,
         absl::AnyInvocable<void()> done);

  // Once.
  void Begin();

 private:
  struct Side {
    core::SourceIndex source = 0;
    bool out = false;   // a pull would not ask it
    bool hub = false;   // a hub answers
    bool works = false;
    hub::RouteEvidence info;
    std::string commit;  // of the revision, as it says; empty: it does not
    bool token_sent = false;  // with the last question
    std::unique_ptr<SourceCheck> check;
    std::unique_ptr<CanaryRound> canary;
    std::unique_ptr<Question> question;
  };

  void LookAtFolders();
  void OnChecked(Side& side, SourceCheck::Result result);
  void ProveIfMirror(Side& side);

  void LookAtToken();
  void OnAccount(AccountAnswer said);
  bool token_usable() const { return !token_.empty() && evidence_.word != hub::TokenEvidence::Word::kRefused; }

  // As a pull does: to a source that had to be proven only for what is not public.
  bool SendsToken(const Side& side, bool guarded) const;
  void AskForRepo();
  void TakeVoice(Side& side, hub::RouteEvidence seen);
  void JudgeVoices();

  void AskForBytes();
  void AskForPinned(Side& side);
  void AskForByte(Side& side);
  void OnByte(Side& side, Question::Reply reply);

  void Conclude();

  // Of a step: `parts` more answers are waited for; when none is left, the next step begins.
  void Await(size_t parts, void (Doctor::*next)());
  void Arrived();
  void AskSide(Side& side, Question::Wish wish, absl::AnyInvocable<void(Question::Reply)> then);

  void Tell(hub::Finding finding);
  void Hold(hub::Finding finding);  // a source's trouble
  void Works(Side& side);
  hub::AskedFor Asked(const Side& side) const;
  const SourceConfig& ConfigOf(const Side& side) const { return context_.sources.at(side.source).config; }
  const hub::RepoId& repo() const { return spec_.repo ? *spec_.repo : context_.config.probe_repo; }

  Context& context_;
  Prober& prober_;
  DiagnoseSpec spec_;
  absl::AnyInvocable<void(const hub::Finding&)> tell_;
  absl::AnyInvocable<void()> done_;

  Secret token_;
  hub::TokenEvidence evidence_;
  std::unique_ptr<AccountQuery> account_;
  std::deque<Side> sides_;
  std::vector<hub::ClockReading> clocks_;
  std::vector<hub::RepoVoice> voices_;
  std::string pinned_;
  std::string file_;
  bool guarded_ = false;  // private or gated
  std::vector<hub::Finding> held_;
  std::vector<hub::Finding> blockers_;
  bool any_works_ = false;
  size_t awaited_ = 0;
  void (Doctor::*next_)() = nullptr;
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_DOCTOR_H_
