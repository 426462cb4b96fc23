// An engine that remembers what it was asked and answers what the test says.
#ifndef HFGET_TESTS_FAKES_FAKE_ENGINE_API_H_
#define HFGET_TESTS_FAKES_FAKE_ENGINE_API_H_

#include <algorithm>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/engine/api.h"

namespace hfget::testing {

// Answers at once, on the asking thread, unless Hold() was called. Thread: any.
class FakeEngineApi final : public engine::EngineApi {
 public:
  // Pulls that exist.
  void Add(engine::PullSnapshot pull) {
    absl::MutexLock lock(&mu_);
    pulls_[pull.id] = std::move(pull);
  }
  void AddSource(engine::SourceSnapshot source) {
    absl::MutexLock lock(&mu_);
    sources_.push_back(std::move(source));
  }

  // From now on GetPull is not answered until DropHeld, which forgets the answers as a dying engine
  // does.
  void Hold() {
    absl::MutexLock lock(&mu_);
    hold_ = true;
  }
  void DropHeld() {
    std::vector<Answer<engine::PullSnapshot>> held;
    {
      absl::MutexLock lock(&mu_);
      held.swap(held_);
    }
  }
  int held() const {
    absl::MutexLock lock(&mu_);
    return static_cast<int>(held_.size());
  }
  void AwaitHeld(int count) {
    absl::MutexLock lock(&mu_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return static_cast<int>(held_.size()) >= count;
    };
    mu_.Await(absl::Condition(&enough));
  }

  // Tells all watchers of the pull, as the engine thread would. Returns how many there were.
  int Publish(engine::PullSnapshot pull) {
    const auto snapshot = std::make_shared<const engine::PullSnapshot>(pull);
    Add(std::move(pull));
    int told = 0;
    for (const auto& watcher : WatchersOf(snapshot->id)) {
      watcher->OnSnapshot(snapshot);
      ++told;
    }
    return told;
  }
  int watchers(const std::string& id) const { return static_cast<int>(WatchersOf(id).size()); }
  // Until the pull has `count` watchers (of those once added, alive or not).
  void AwaitWatches(int count) {
    absl::MutexLock lock(&mu_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mu_) {
      return static_cast<int>(watchers_.size()) >= count;
    };
    mu_.Await(absl::Condition(&enough));
  }

  std::vector<engine::PullSpec> started() const {
    absl::MutexLock lock(&mu_);
    return started_;
  }
  std::vector<std::pair<std::string, bool>> cancelled() const {
    absl::MutexLock lock(&mu_);
    return cancelled_;
  }

  void StartPull(engine::PullSpec spec, Answer<engine::PullStarted> answer) override {
    engine::PullStarted result;
    {
      absl::MutexLock lock(&mu_);
      result.pull.id = absl::StrCat(spec.repo.name, "@", spec.revision);
      result.pull.repo = spec.repo;
      result.pull.revision = spec.revision;
      result.joined = pulls_.count(result.pull.id) != 0;
      pulls_[result.pull.id] = result.pull;
      started_.push_back(std::move(spec));
    }
    answer(std::move(result));
  }

  void GetPull(std::string id, Answer<engine::PullSnapshot> answer) override {
    {
      absl::MutexLock lock(&mu_);
      if (hold_) {
        held_.push_back(std::move(answer));
        return;
      }
    }
    answer(Find(id));
  }

  // Of any pull that there is: a file of as many cells as were asked for.
  void GetPieceMap(std::string id, int most_cells, Answer<engine::PieceMapSnapshot> answer) override {
    if (const auto pull = Find(id); !pull.ok()) return answer(pull.status());
    std::vector<core::PieceCell> cells(most_cells, {.done_percent = 50, .in_flight = true, .source = 1});
    cells.back() = {};
    answer(engine::PieceMapSnapshot{{"official", "tuna"}, {{"a.bin", most_cells * kPieceBytes, std::move(cells)}}});
  }

  // Each spec is begun for itself, unless one is an error and none may be then.
  void StartPulls(Specs specs, bool all_or_nothing, Answer<std::vector<absl::StatusOr<engine::PullStarted>>> answer) override {
    const bool refused = std::any_of(specs.begin(), specs.end(), [](const auto& spec) { return !spec.ok(); });
    std::vector<absl::StatusOr<engine::PullStarted>> results;
    for (auto& spec : specs) {
      if (!spec.ok()) {
        results.push_back(spec.status());
      } else if (refused && all_or_nothing) {
        results.push_back(absl::CancelledError("none"));
      } else {
        StartPull(*std::move(spec), [&](absl::StatusOr<engine::PullStarted> started) { results.push_back(std::move(started)); });
      }
    }
    answer(std::move(results));
  }

  // In the order of the ids, from the last; `before` and `next` count from the end.
  void ListPulls(engine::PullQuery query, Answer<engine::PullPage> answer) override {
    engine::PullPage page;
    {
      absl::MutexLock lock(&mu_);
      queries_.push_back(query);
      int64_t place = static_cast<int64_t>(pulls_.size());
      for (auto it = pulls_.rbegin(); it != pulls_.rend(); ++it, --place) {
        const engine::PullSnapshot& pull = it->second;
        if (place >= query.before || (query.active_only && core::IsTerminal(pull.state))) continue;
        if (!query.filter.Concerns(pull.owner, pull.terms.labels, pull.repo.name) || !query.filter.Keeps(pull.state)) continue;
        if (query.most > 0 && page.pulls.size() == query.most) {
          page.next = place + 1;
          break;
        }
        page.pulls.push_back(pull);
      }
    }
    answer(std::move(page));
  }
  std::vector<engine::PullQuery> queries() const {
    absl::MutexLock lock(&mu_);
    return queries_;
  }

  // "pause ID", "resume ID", "retry ID", "remove ID", "release ID", in their order.
  std::vector<std::string> acts() const {
    absl::MutexLock lock(&mu_);
    return acts_;
  }
  void AwaitActs(size_t count) {
    absl::MutexLock lock(&mu_);
    const auto enough = [this, count]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return acts_.size() >= count; };
    mu_.Await(absl::Condition(&enough));
  }
  void PausePull(std::string id, Answer<engine::PullSnapshot> answer) override { Act("pause", id), answer(Find(id)); }
  void ResumePull(std::string id, Answer<engine::PullSnapshot> answer) override { Act("resume", id), answer(Find(id)); }
  void RetryPull(std::string id, Answer<engine::PullSnapshot> answer) override { Act("retry", id), answer(Find(id)); }
  void RemovePull(std::string id, Answer<bool> answer) override {
    Act("remove", id);
    const auto found = Find(id);
    found.ok() ? answer(true) : answer(found.status());
  }
  void ReleasePull(std::string id) override { Act("release", id); }

  // What WatchAll answers; its watchers are told by Publish.
  void SetBegin(engine::WatchBegun begun) {
    absl::MutexLock lock(&mu_);
    begun_ = begun;
  }
  std::vector<std::pair<core::PullFilter, int64_t>> watched_all() const {
    absl::MutexLock lock(&mu_);
    return watched_all_;
  }
  void WatchAll(core::PullFilter filter, int64_t after, std::shared_ptr<engine::Watcher> watcher,
                Answer<engine::WatchBegun> answer) override {
    engine::WatchBegun begun;
    {
      absl::MutexLock lock(&mu_);
      begun = begun_;
    }
    answer(begun);
    absl::MutexLock lock(&mu_);
    watched_all_.emplace_back(std::move(filter), after);
    watchers_.emplace_back("", std::move(watcher));
  }

  void CancelPull(std::string id, bool discard_partial,
                  Answer<engine::PullSnapshot> answer) override {
    {
      absl::MutexLock lock(&mu_);
      cancelled_.emplace_back(id, discard_partial);
    }
    answer(Find(id));
  }

  void ListSources(Answer<std::vector<engine::SourceSnapshot>> answer) override {
    std::vector<engine::SourceSnapshot> result;
    {
      absl::MutexLock lock(&mu_);
      result = sources_;
    }
    answer(std::move(result));
  }

  // What GetStats answers; without it, or after Hold(), the answer comes by AnswerStats.
  void SetStats(engine::Stats stats) {
    absl::MutexLock lock(&mu_);
    stats_ = std::move(stats);
  }
  int asked_stats() const {
    absl::MutexLock lock(&mu_);
    return asked_stats_;
  }
  void AwaitStatsAsked() {
    absl::MutexLock lock(&mu_);
    const auto asked = [this]() ABSL_SHARED_LOCKS_REQUIRED(mu_) { return asked_stats_ > 0; };
    mu_.Await(absl::Condition(&asked));
  }
  void AnswerStats(const engine::Stats& stats) {
    std::vector<Answer<engine::Stats>> waiting;
    {
      absl::MutexLock lock(&mu_);
      waiting.swap(held_stats_);
    }
    for (auto& answer : waiting) answer(stats);
  }
  void GetStats(Answer<engine::Stats> answer) override {
    std::optional<engine::Stats> stats;
    {
      absl::MutexLock lock(&mu_);
      ++asked_stats_;
      if (!hold_) stats = stats_;
      if (!stats) {
        held_stats_.push_back(std::move(answer));
        return;
      }
    }
    answer(*std::move(stats));
  }

  // What WhoAmI answers; without it, the answer never comes.
  void SetAccount(engine::AccountAnswer account) {
    absl::MutexLock lock(&mu_);
    account_ = std::move(account);
  }
  std::vector<Secret> asked_whose() const {
    absl::MutexLock lock(&mu_);
    return asked_whose_;
  }

  // Answers those that came before SetAccount.
  void AnswerAccounts(const engine::AccountAnswer& account) {
    std::vector<Answer<engine::AccountAnswer>> waiting;
    {
      absl::MutexLock lock(&mu_);
      waiting.swap(unanswered_);
    }
    for (auto& answer : waiting) answer(account);
  }

  void WhoAmI(Secret token, Answer<engine::AccountAnswer> answer) override {
    std::optional<engine::AccountAnswer> account;
    {
      absl::MutexLock lock(&mu_);
      asked_whose_.push_back(std::move(token));
      account = account_;
      if (!account) unanswered_.push_back(std::move(answer));
    }
    if (account) answer(*std::move(account));
  }

  void ProbeSource(std::string name, Answer<std::vector<engine::SourceSnapshot>> answer) override {
    std::vector<engine::SourceSnapshot> result;
    {
      absl::MutexLock lock(&mu_);
      probed_.push_back(name);
      for (const auto& source : sources_) {
        if (name.empty() || source.name == name) result.push_back(source);
      }
    }
    if (result.empty()) return answer(absl::NotFoundError(absl::StrCat("no source is named ", name)));
    answer(std::move(result));
  }

  void SetSource(std::string name, engine::SourceChange change, Answer<engine::SourceSnapshot> answer) override {
    absl::StatusOr<engine::SourceSnapshot> result = absl::NotFoundError(absl::StrCat("no source is named ", name));
    {
      absl::MutexLock lock(&mu_);
      changes_.emplace_back(name, change);
      for (const auto& source : sources_) {
        if (source.name == name) result = source;
      }
    }
    answer(std::move(result));
  }
  std::vector<std::pair<std::string, engine::SourceChange>> changes() const {
    absl::MutexLock lock(&mu_);
    return changes_;
  }

  // What ReadManifest and Verify are about; or how they fail.
  void SetManifest(engine::ManifestAnswer manifest) {
    absl::MutexLock lock(&mu_);
    manifest_ = std::move(manifest);
  }
  void SetManifestError(engine::PullError error) {
    absl::MutexLock lock(&mu_);
    manifest_error_ = std::move(error);
  }
  // Of both, in their order.
  std::vector<engine::PullSpec> read_manifests() const {
    absl::MutexLock lock(&mu_);
    return read_manifests_;
  }
  void ReadManifest(engine::PullSpec spec, std::shared_ptr<engine::ManifestSink> sink) override {
    std::optional<engine::PullError> error;
    engine::ManifestAnswer manifest;
    {
      absl::MutexLock lock(&mu_);
      read_manifests_.push_back(std::move(spec));
      error = manifest_error_;
      manifest = manifest_;
    }
    error ? sink->OnError(*error) : sink->OnManifest(std::move(manifest));
  }
  // Finds every file as `verdict` says, and sums up as told.
  void SetVerification(engine::FileVerdict::Verdict verdict, engine::VerifySummary summary) {
    absl::MutexLock lock(&mu_);
    verdict_ = verdict;
    summary_ = std::move(summary);
  }
  void Verify(engine::PullSpec spec, bool repair, std::shared_ptr<engine::VerifySink> sink) override {
    ReadManifest(std::move(spec), sink);
    engine::VerifySummary summary;
    std::vector<engine::FileVerdict> verdicts;
    {
      absl::MutexLock lock(&mu_);
      if (manifest_error_) return;
      for (const hub::ManifestFile* file : manifest_.files.files) {
        verdicts.emplace_back().file = file;
        verdicts.back().verdict = verdict_;
        verdicts.back().message = "why";
      }
      summary = summary_;
      if (!repair) summary.repair.reset();
    }
    sink->OnVerdicts(std::move(verdicts));
    sink->OnProgress({.checked = 5, .files = 1, .rate_per_sec = 7});
    sink->OnSummary(summary);
  }

  // What BenchSources tells; `refused`: it does not begin.
  void SetBench(engine::BenchPlan plan, engine::BenchSample sample, engine::BenchReport report) {
    absl::MutexLock lock(&mu_);
    bench_ = std::make_tuple(std::move(plan), std::move(sample), std::move(report));
  }
  void RefuseBench(absl::Status refused) {
    absl::MutexLock lock(&mu_);
    bench_refused_ = std::move(refused);
  }
  std::vector<engine::BenchSpec> benched() const {
    absl::MutexLock lock(&mu_);
    return benched_;
  }
  void BenchSources(engine::BenchSpec spec, std::shared_ptr<engine::BenchSink> sink, Answer<bool> answer) override {
    absl::Status refused;
    std::tuple<engine::BenchPlan, engine::BenchSample, engine::BenchReport> bench;
    {
      absl::MutexLock lock(&mu_);
      benched_.push_back(std::move(spec));
      refused = bench_refused_;
      bench = bench_;
    }
    if (!refused.ok()) return answer(refused);
    answer(true);
    auto& [plan, sample, report] = bench;
    sink->OnPlan(plan);
    sink->OnProgress({.source = sample.source, .round = 1, .connections = 2, .bytes = 3, .rate_per_sec = 4, .samples_done = 0});
    sink->OnSample(sample, report);
    report.complete = true;
    sink->OnReport(report);
  }
  void SetHistory(std::vector<engine::BenchPoint> points) {
    absl::MutexLock lock(&mu_);
    history_ = std::move(points);
  }
  void GetBenchHistory(absl::Time since, std::vector<std::string>, Answer<std::vector<engine::BenchPoint>> answer) override {
    std::vector<engine::BenchPoint> points;
    {
      absl::MutexLock lock(&mu_);
      std::copy_if(history_.begin(), history_.end(), std::back_inserter(points), [since](const auto& point) { return point.at >= since; });
    }
    answer(std::move(points));
  }

  // Tells `findings`, and ends unless Hold() was called.
  void Diagnose(engine::DiagnoseSpec spec, std::shared_ptr<engine::FindingSink> sink) override {
    std::vector<hub::Finding> tell;
    bool end = false;
    {
      absl::MutexLock lock(&mu_);
      diagnosed_.push_back(std::move(spec));
      tell = findings_;
      end = !hold_;
    }
    for (const hub::Finding& finding : tell) sink->OnFinding(finding);
    if (end) sink->OnEnd();
  }
  void AddFinding(hub::Finding finding) {
    absl::MutexLock lock(&mu_);
    findings_.push_back(std::move(finding));
  }
  std::vector<engine::DiagnoseSpec> diagnosed() const {
    absl::MutexLock lock(&mu_);
    return diagnosed_;
  }

  void Watch(std::string id, std::shared_ptr<engine::Watcher> watcher,
             Answer<bool> answer) override {
    absl::StatusOr<engine::PullSnapshot> pull = Find(id);
    if (!pull.ok()) {
      answer(pull.status());
      return;
    }
    watcher->OnSnapshot(std::make_shared<const engine::PullSnapshot>(*std::move(pull)));
    answer(true);
    absl::MutexLock lock(&mu_);
    watchers_.emplace_back(std::move(id), std::move(watcher));
  }

 private:
  absl::StatusOr<engine::PullSnapshot> Find(const std::string& id) const {
    absl::MutexLock lock(&mu_);
    const auto it = pulls_.find(id);
    if (it == pulls_.end()) return absl::NotFoundError(absl::StrCat("no pull has the id ", id));
    return it->second;
  }

  std::vector<std::shared_ptr<engine::Watcher>> WatchersOf(const std::string& id) const {
    std::vector<std::shared_ptr<engine::Watcher>> result;
    absl::MutexLock lock(&mu_);
    for (const auto& [pull, weak] : watchers_) {
      if (pull != id && !pull.empty()) continue;
      if (auto watcher = weak.lock()) result.push_back(std::move(watcher));
    }
    return result;
  }

  void Act(const char* what, const std::string& id) {
    absl::MutexLock lock(&mu_);
    acts_.push_back(absl::StrCat(what, " ", id));
  }

  mutable absl::Mutex mu_;
  bool hold_ ABSL_GUARDED_BY(mu_) = false;
  std::map<std::string, engine::PullSnapshot> pulls_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::PullQuery> queries_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> acts_ ABSL_GUARDED_BY(mu_);
  engine::WatchBegun begun_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<core::PullFilter, int64_t>> watched_all_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::SourceSnapshot> sources_ ABSL_GUARDED_BY(mu_);
  std::vector<std::string> probed_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::string, engine::SourceChange>> changes_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::PullSpec> started_ ABSL_GUARDED_BY(mu_);
  std::optional<engine::AccountAnswer> account_ ABSL_GUARDED_BY(mu_);
  std::vector<Secret> asked_whose_ ABSL_GUARDED_BY(mu_);
  std::vector<Answer<engine::AccountAnswer>> unanswered_ ABSL_GUARDED_BY(mu_);
  std::optional<engine::Stats> stats_ ABSL_GUARDED_BY(mu_);
  int asked_stats_ ABSL_GUARDED_BY(mu_) = 0;
  std::vector<Answer<engine::Stats>> held_stats_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::string, bool>> cancelled_ ABSL_GUARDED_BY(mu_);
  std::vector<Answer<engine::PullSnapshot>> held_ ABSL_GUARDED_BY(mu_);
  std::vector<std::pair<std::string, std::weak_ptr<engine::Watcher>>> watchers_
      ABSL_GUARDED_BY(mu_);
  std::vector<hub::Finding> findings_ ABSL_GUARDED_BY(mu_);
  std::tuple<engine::BenchPlan, engine::BenchSample, engine::BenchReport> bench_ ABSL_GUARDED_BY(mu_);
  absl::Status bench_refused_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::BenchSpec> benched_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::BenchPoint> history_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::PullSpec> read_manifests_ ABSL_GUARDED_BY(mu_);
  engine::ManifestAnswer manifest_ ABSL_GUARDED_BY(mu_);
  std::optional<engine::PullError> manifest_error_ ABSL_GUARDED_BY(mu_);
  engine::FileVerdict::Verdict verdict_ ABSL_GUARDED_BY(mu_) = engine::FileVerdict::Verdict::kGood;
  engine::VerifySummary summary_ ABSL_GUARDED_BY(mu_);
  std::vector<engine::DiagnoseSpec> diagnosed_ ABSL_GUARDED_BY(mu_);
};

}  // namespace hfget::testing

#endif  // HFGET_TESTS_FAKES_FAKE_ENGINE_API_H_
