// What is found out for somebody who listens: given up when they have gone.
#include <utility>

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
}

}  // namespace hfget::engine
