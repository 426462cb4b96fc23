// What is found out for somebody who listens: given up when they have gone.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/engine.h"

namespace hfget::engine {

void Engine::Diagnose(DiagnoseSpec spec, std::shared_ptr<FindingSink> sink) {
  // Weak from here on: who has gone is not worked for.
  mailbox_.Post([this, spec = std::move(spec), weak = std::weak_ptr<FindingSink>(sink)]() mutable {
    const uint64_t id = next_doctor_++;
    const auto retire = [this, id] { mailbox_.Post([this, id] { doctors_.erase(id); }); };
    auto doctor = std::make_unique<Doctor>(
        context_, *prober_, std::move(spec),
        [weak, retire](const hub::Finding& finding) {
          const auto sink = weak.lock();
          if (sink == nullptr) return retire();
          sink->OnFinding(finding);
        },
        [weak, retire] {
          if (const auto sink = weak.lock()) sink->OnEnd();
          retire();
        });
    Doctor& begun = *doctor;
    doctors_[id] = std::move(doctor);
    begun.Begin();
  });
}

void Engine::ReadManifest(PullSpec spec, std::shared_ptr<ManifestSink> sink) {
  mailbox_.Post([this, spec = std::move(spec), weak = std::weak_ptr<ManifestSink>(sink)]() mutable {
    const uint64_t id = next_errand_++;
    const auto retire = [this, id] { mailbox_.Post([this, id] { reads_.erase(id); }); };
    auto read = std::make_unique<ManifestRead>(
        context_, *racer_, *prober_, std::move(spec), ManifestRead::Which::kNow,
        [weak, retire](ManifestAnswer manifest) {
          if (const auto sink = weak.lock()) sink->OnManifest(std::move(manifest));
          retire();
        },
        [weak, retire](const PullError& error) {
          if (const auto sink = weak.lock()) sink->OnError(error);
          retire();
        });
    ManifestRead& begun = *read;
    reads_[id] = {weak, std::move(read)};
    begun.Begin();
  });
}

void Engine::Verify(PullSpec spec, bool repair, std::shared_ptr<VerifySink> sink) {
  mailbox_.Post([this, spec = std::move(spec), repair, weak = std::weak_ptr<VerifySink>(sink)]() mutable {
    const uint64_t id = next_errand_++;
    Verification::StartPull start;
    if (repair) start = [this](PullSpec again, Answer<PullStarted> answer) { DoStartPull(std::move(again), std::move(answer)); };
    auto verification = std::make_unique<Verification>(context_, *racer_, *prober_, std::move(spec), std::move(start), weak, [this, id] {
      mailbox_.Post([this, id] { verifications_.erase(id); });
    });
    Verification& begun = *verification;
    verifications_[id] = {weak, std::move(verification)};
    begun.Begin();
  });
}

void Engine::DropErrands() {
  std::erase_if(reads_, [](const auto& read) { return read.second.sink.expired(); });
  std::erase_if(verifications_, [](const auto& verification) { return verification.second.sink.expired(); });
  if (bench_ && bench_->listened && bench_->sink.expired()) bench_.reset();
}

void Engine::EndErrands() {
  reads_.clear();
  verifications_.clear();
  bench_.reset();
}

void Engine::BenchSources(BenchSpec spec, std::shared_ptr<BenchSink> sink, Answer<bool> answer) {
  mailbox_.Post([this, spec = std::move(spec), weak = std::weak_ptr<BenchSink>(sink), answer = std::move(answer)]() mutable {
    DropErrands();
    if (stopping_) return answer(absl::UnavailableError("the daemon is shutting down; try again in a moment"));
    if (bench_) {
      return answer(absl::ResourceExhaustedError(
          absl::StrCat("a bench runs already", bench_->listened ? "" : ", by [bench] schedule", ": two would measure each other; wait until it has ended")));
    }
    answer(true);
    BeginBench(std::move(spec), std::move(weak), true);
  });
}

void Engine::BeginBench(BenchSpec spec, std::weak_ptr<BenchSink> sink, bool listened) {
  bench_.emplace();
  bench_->sink = sink;
  bench_->listened = listened;
  bench_->work = std::make_unique<Bench>(context_, *racer_, *prober_, std::move(spec), std::move(sink), [this] {
    // What is left to do takes its figures, which it has as long as it is there.
    mailbox_.Post([this] { OnBenched(); });
  });
  bench_->work->Begin();
}

void Engine::OnBenched() {
  if (!bench_) return;
  store::Batch batch = bench_history_.Add(bench_->work->Points(), clock_.Wall());
  bench_.reset();
  if (batch.empty()) return;
  SaveSources();
  store_.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status status) {
    if (!status.ok()) spdlog::warn("the bench could not be recorded: {}", status.message());
  });
}

void Engine::BenchIfDue() {
  if (config_.bench_every == absl::InfiniteDuration() || bench_ || racer_->connections() > 0) return;
  const absl::Time now = clock_.Steady();
  const absl::Time wall = clock_.Wall();
  // Those of this process by the clock that does not jump; earlier ones as they were recorded.
  if (now - bench_tried_ < config_.bench_every || wall - bench_history_.Last(wall) < config_.bench_every) return;
  bench_tried_ = now;
  BenchSpec spec;
  spec.total_bytes = config_.bench_bytes;
  spec.scheduled = true;
  BeginBench(std::move(spec), {}, false);
}

void Engine::GetBenchHistory(absl::Time since, std::vector<std::string> sources, Answer<std::vector<BenchPoint>> answer) {
  mailbox_.Post([this, since, sources = std::move(sources), answer = std::move(answer)]() mutable {
    answer(bench_history_.Since(since, sources));
  });
}

}  // namespace hfget::engine
