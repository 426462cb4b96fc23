// What the scheduler costs an assignment, with as many files and flights as a busy daemon has.
#include <memory>
#include <vector>

#include "benchmark/benchmark.h"
#include "daemon/core/scheduler.h"

namespace hfget::core {
namespace {

class Everybody final : public Scheduler::World {
 public:
  bool MayServe(FileId, SourceIndex) const override { return true; }
};

void AssignAndEnd(benchmark::State& state) {
  Everybody world;
  Scheduler scheduler(world);
  std::vector<std::unique_ptr<PieceMap>> files;
  for (int64_t i = 0; i < state.range(0); ++i) {
    files.push_back(std::make_unique<PieceMap>(i % 2 == 0 ? kGiB : 10 * kKiB));
    scheduler.AddFile(static_cast<FileId>(i + 1), files.back().get());
  }
  absl::Time now = absl::UnixEpoch();
  std::vector<FlightId> flights;
  for (auto _ : state) {
    now += absl::Milliseconds(1);
    const auto assignment = scheduler.Next({static_cast<SourceIndex>(flights.size() % 4), 10e6, absl::Milliseconds(20)}, now);
    if (assignment) flights.push_back(assignment->flight);
    if (flights.size() >= 64) {
      scheduler.End(flights.front());
      flights.erase(flights.begin());
    }
  }
}
BENCHMARK(AssignAndEnd)->Arg(1)->Arg(96)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace hfget::core
