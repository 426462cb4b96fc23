// What the scheduler costs an assignment, with as many open files and flights as a busy daemon has: 64 flights over four sources
// of 10 MB/s a connection. Units: time a call of Next (Bytes: of OnBytes). One thread, no I/O.
//   Fresh/files:N   a range of missing bytes for a free connection, with N open files, half of 1 GiB and half of 10 KiB; and End of one flight
//   Steal, Race     no byte is missing, N open files: the tail of a slow range; a race for the last piece of one
//   Nothing         no byte is missing and nobody is slow: what an idle connection costs each time that it asks
//   Bytes           that bytes arrived on one of the flights
#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "benchmark/benchmark.h"
#include "daemon/core/scheduler.h"

namespace hfget::core {
namespace {

constexpr int kFlights = 64, kSources = 4;
constexpr SourceIndex kNewcomer = kSources;
constexpr double kRate = 10e6;
constexpr absl::Duration kLatency = absl::Milliseconds(20);
using Kind = Assignment::Kind;

struct Scene : Scheduler::World {
  bool MayServe(FileId, SourceIndex) const override { return true; }

  void Add(ByteCount size) {
    files.push_back(std::make_unique<PieceMap>(size));
    scheduler.AddFile(files.size(), files.back().get());
  }
  std::optional<Assignment> Ask(SourceIndex source, double rate) { return scheduler.Next({source, rate, kLatency}, now); }
  // All bytes that nobody fetches are there.
  void WriteMissing() {
    for (const auto& file : files) {
      for (PieceIndex p = 0; p < file->count(); ++p) {
        if (file->state(p) != PieceMap::State::kMissing) continue;
        file->BeginWrite(p);
        file->Written(p);
      }
    }
  }
  // For a second, at this pace on every flight.
  void Fly(double rate) {
    for (int step = 0; step <= 10; ++step, now += absl::Milliseconds(100)) {
      for (const FlightId id : flights) {
        const Flight& flight = *scheduler.Find(id);
        const ByteCount last = flight.pieces.end * kPieceBytes - 1;  // the very last byte does not come
        scheduler.OnBytes(id, step == 0 ? flight.position : std::min(last, flight.position + static_cast<ByteCount>(rate / 10)), now);
      }
    }
  }

  std::vector<std::unique_ptr<PieceMap>> files;
  Scheduler scheduler{*this};
  absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  std::vector<FlightId> flights;
};

void Fresh(benchmark::State& state) {
  Scene scene;
  for (int64_t i = 0; i < state.range(0); ++i) scene.Add(i % 2 == 0 ? kGiB : 10 * kKiB);
  size_t next = 0;
  for (auto _ : state) {
    scene.now += absl::Milliseconds(1);
    const auto assignment = scene.Ask(static_cast<SourceIndex>(next % kSources), kRate);
    if (!assignment || assignment->kind != Kind::kFresh) return state.SkipWithError("no fresh range");
    if (scene.flights.size() < kFlights) {
      scene.flights.push_back(assignment->flight);
    } else {
      scene.scheduler.End(std::exchange(scene.flights[next % kFlights], assignment->flight));
    }
    ++next;
  }
}
BENCHMARK(Fresh)->ArgNames({"files"})->Arg(1)->Arg(96)->Arg(1000)->Unit(benchmark::kMicrosecond);

// Files of so many pieces, a flight on each of the first 64 at `pace`; then a newcomer asks once. Only its Next is timed.
void Tail(benchmark::State& state, PieceIndex pieces, double pace, std::optional<Kind> expected) {
  for (auto _ : state) {
    Scene scene;
    for (int64_t i = 0; i < state.range(0); ++i) scene.Add(pieces * kPieceBytes);
    for (int i = 0; i < kFlights; ++i) {
      const auto assignment = scene.Ask(i % kSources, kRate);
      if (!assignment) return state.SkipWithError("no flight to begin with");
      scene.flights.push_back(assignment->flight);
    }
    scene.WriteMissing();
    scene.Fly(pace);
    const auto before = std::chrono::steady_clock::now();
    const auto assignment = scene.Ask(kNewcomer, kRate);
    state.SetIterationTime(std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
    if (assignment.has_value() != expected.has_value() || (assignment && assignment->kind != *expected)) {
      return state.SkipWithError("another answer than expected");
    }
  }
}
void Steal(benchmark::State& state) { Tail(state, 16, 1e5, Kind::kSteal); }
void Race(benchmark::State& state) { Tail(state, 1, 1e4, Kind::kDuplicate); }
void Nothing(benchmark::State& state) { Tail(state, 16, 15e6, std::nullopt); }
BENCHMARK(Steal)->ArgNames({"files"})->Arg(64)->Arg(1000)->Iterations(1000)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Race)->ArgNames({"files"})->Arg(64)->Arg(1000)->Iterations(1000)->UseManualTime()->Unit(benchmark::kMicrosecond);
BENCHMARK(Nothing)->ArgNames({"files"})->Arg(64)->Arg(1000)->Iterations(1000)->UseManualTime()->Unit(benchmark::kMicrosecond);

void Bytes(benchmark::State& state) {
  Scene scene;
  for (int i = 0; i < kFlights; ++i) {
    scene.Add(kGiB);
    scene.flights.push_back(scene.Ask(i % kSources, kRate)->flight);
  }
  size_t next = 0;
  for (auto _ : state) {
    scene.now += absl::Microseconds(100);
    scene.scheduler.OnBytes(scene.flights[next % kFlights], static_cast<ByteCount>(next), scene.now);
    ++next;
  }
}
BENCHMARK(Bytes)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace hfget::core
