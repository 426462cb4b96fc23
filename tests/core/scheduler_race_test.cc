// The scheduler in small simulated races with sources of any pace that break, stall, leave and come too late. Rules that hold
// after every event are checked there; a failure names its seed.
#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <random>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/core/scheduler.h"
#include "gtest/gtest.h"

namespace hfget::core {
namespace {

constexpr absl::Duration kTick = absl::Milliseconds(20);

// What may go wrong. The first source is never barred and never leaves, so that every race can be finished.
struct Odds {
  double break_off = 0;  // of a flight: broken at a random byte
  double stall = 0;      // of a flight: silent from a random byte on
  double bar = 0;        // of a source and a file
  double leave = 0;      // of a source, sometime
  double cancel = 0;     // of a file, sometime
};

struct Line {
  double bytes_per_sec;  // of a connection
  absl::Duration latency;
  int connections;
  bool known;  // whether its rate is known at the start
  absl::Time leaves = absl::InfiniteFuture();
};

class Race : Scheduler::World {
 public:
  Race(uint64_t seed, const Odds& odds) : odds_(odds), rng_(seed) {
    const int lines = 1 + Roll(5);
    for (int i = 0; i < lines; ++i) lines_.push_back(MakeLine(i));
    estimates_.resize(lines);
    for (int i = 0; i < lines; ++i) estimates_[i] = lines_[i].known ? lines_[i].bytes_per_sec : 0;
    const int files = 1 + Roll(12);
    for (int i = 0; i < files; ++i) AddFile();
  }

  // True when every file is whole, or was cancelled.
  void Run() {
    const absl::Time begin = now_;
    while (!Done() && !::testing::Test::HasFatalFailure()) {
      ASSERT_LT(now_ - begin, absl::Hours(3)) << "does not end";
      Dispatch();
      CheckNobodyIdlesInVain();
      now_ += kTick;
      std::vector<FlightId> flights;
      for (const auto& [id, flight] : scheduler_.flights()) flights.push_back(id);
      std::shuffle(flights.begin(), flights.end(), rng_);
      for (const FlightId id : flights) Fly(id);
      LeaveAndCancel();
    }
    seconds_ = absl::ToDoubleSeconds(now_ - begin);
    if (!::testing::Test::HasFatalFailure()) CheckBooks();
  }

  ByteCount total() const { return total_; }
  ByteCount raced_away() const { return raced_away_; }
  double seconds() const { return seconds_; }
  // With all connections busy all the time.
  double ideal_seconds() const {
    double rate = 0;
    for (const Line& line : lines_) rate += line.bytes_per_sec * line.connections;
    return static_cast<double>(total_) / rate;
  }
  // What nobody can avoid: a latency or two, and a piece that is on its way over the slowest line.
  double slack_seconds() const {
    double slack = 0;
    for (const Line& line : lines_) slack = std::max(slack, 3 * absl::ToDoubleSeconds(line.latency));
    return slack + 2;
  }
  std::string Describe() const {
    std::string text = absl::StrCat(files_.size(), " files, ", total_ / kMiB, " MiB:");
    for (const Line& line : lines_) {
      absl::StrAppend(&text, " ", line.connections, "x", line.bytes_per_sec / kMiB, line.known ? "" : "?", "/",
                      absl::FormatDuration(line.latency));
    }
    return text;
  }

 private:
  struct File {
    PieceMap pieces;
    bool open = true;
    absl::Time cancelled = absl::InfiniteFuture();
    std::map<PieceIndex, int> landed;  // how often
  };
  // One request as its source sees it.
  struct Wire {
    absl::Time first_byte;
    double position;    // what has come, in bytes of the file
    double breaks_at;   // likewise
    double stalls_at;
    absl::Time silent_since;
    ByteCount piece_bytes = 0;  // of the piece that is not whole yet
  };

  int Roll(int sides) { return static_cast<int>(rng_() % sides); }
  double Uniform(double low, double high) { return std::uniform_real_distribution<double>(low, high)(rng_); }
  bool Chance(double p) { return Uniform(0, 1) < p; }

  Line MakeLine(int index) {
    Line line;
    line.bytes_per_sec = std::exp(Uniform(std::log(0.1 * kMiB), std::log(50.0 * kMiB)));
    line.latency = absl::Milliseconds(Roll(3) == 0 ? Roll(1500) : Roll(100));
    line.connections = 1 + Roll(8);
    line.known = Roll(2) == 0;
    if (index > 0 && Chance(odds_.leave)) line.leaves = now_ + absl::Seconds(Uniform(0, 10));
    return line;
  }

  void AddFile() {
    const ByteCount size = Roll(2) == 0 ? 1 + Roll(3 * kMiB) : 1 + static_cast<ByteCount>(rng_() % (60 * kMiB));
    files_.push_back({PieceMap(size), true, absl::InfiniteFuture(), {}});
    if (Chance(odds_.cancel)) files_.back().cancelled = now_ + absl::Seconds(Uniform(0, 10));
    for (size_t source = 1; source < lines_.size(); ++source) {
      if (Chance(odds_.bar)) barred_.insert({files_.size() - 1, static_cast<SourceIndex>(source)});
    }
    scheduler_.AddFile(files_.size() - 1, &files_.back().pieces);
    total_ += size;
  }

  bool MayServe(FileId file, SourceIndex source) const override {
    return now_ < lines_[source].leaves && barred_.count({file, source}) == 0;
  }

  bool Done() const {
    return std::all_of(files_.begin(), files_.end(), [](const File& f) { return !f.open || f.pieces.all_written(); });
  }

  void Check(absl::string_view event) {
    ASSERT_TRUE(scheduler_.Consistent()) << event;
    for (const File& f : files_) ASSERT_TRUE(f.pieces.Consistent()) << event;
  }

  void Dispatch() {
    std::vector<SourceIndex> open;
    for (size_t i = 0; i < lines_.size(); ++i) open.push_back(static_cast<SourceIndex>(i));
    while (!open.empty() && !::testing::Test::HasFatalFailure()) {
      std::erase_if(open, [this](SourceIndex i) { return !DispatchOne(i); });
    }
  }

  bool DispatchOne(SourceIndex source) {
    const Line& line = lines_[source];
    if (now_ >= line.leaves || scheduler_.FlightsOf(source) >= line.connections) return false;
    const auto assignment = scheduler_.Next({source, estimates_[source], line.latency}, now_);
    if (!assignment) return false;
    const Flight& flight = *scheduler_.Find(assignment->flight);
    CheckAssignment(*assignment, flight);
    const auto from = static_cast<double>(flight.position);
    // Its bytes stay: the other one begins where it stood.
    ByteCount had = 0;
    if (assignment->kind == Assignment::Kind::kTakeOver) {
      had = std::exchange(wires_[assignment->victim].piece_bytes, 0);
      Over(assignment->victim, true);
    }
    Wire& wire = wires_[flight.id];
    wire.piece_bytes = had;
    wire.first_byte = now_ + line.latency * Uniform(0.5, 1.5);
    wire.position = from;
    const double length = static_cast<double>(flight.pieces.size() * kPieceBytes);
    wire.breaks_at = Chance(odds_.break_off) ? wire.position + Uniform(0, length) : 1e18;
    wire.stalls_at = Chance(odds_.stall) ? wire.position + Uniform(0, length) : 1e18;
    wire.silent_since = wire.first_byte;
    Check("dispatch");
    return true;
  }

  void CheckAssignment(const Assignment& assignment, const Flight& flight) {
    const File& file = files_[flight.file];
    ASSERT_TRUE(file.open);
    ASSERT_TRUE(MayServe(flight.file, flight.source)) << "an ineligible source";
    ASSERT_FALSE(flight.pieces.empty());
    ASSERT_LE(flight.pieces.size(), 64);
    for (PieceIndex p = flight.pieces.begin; p < flight.pieces.end; ++p) {
      ASSERT_EQ(file.pieces.state(p), PieceMap::State::kClaimed) << "piece " << p;
    }
    if (assignment.kind == Assignment::Kind::kFresh) return;
    const Flight* victim = scheduler_.Find(assignment.victim);
    ASSERT_NE(victim, nullptr);
    ASSERT_EQ(victim->file, flight.file);
    if (assignment.kind == Assignment::Kind::kSteal) {
      ASSERT_EQ(victim->pieces.end, flight.pieces.begin);
      ASSERT_GE(victim->pieces.end * kPieceBytes, victim->position) << "the piece that is on its way was stolen";
      ASSERT_GT(victim->pieces.end, victim->position / kPieceBytes);
    } else if (assignment.kind == Assignment::Kind::kTakeOver) {
      ASSERT_EQ(victim->position, flight.position);
      ASSERT_EQ(victim->position / kPieceBytes, flight.pieces.begin);
      ASSERT_EQ(flight.pieces.size(), 1);
      ASSERT_LE(victim->pieces.end, flight.pieces.begin);
    } else {
      ASSERT_NE(victim->source, flight.source);
      ASSERT_EQ(flight.pieces, (PieceRange{victim->pieces.end - 1, victim->pieces.end}));
      ASSERT_EQ(victim->position / kPieceBytes, flight.pieces.begin);
    }
  }

  // Where the first source is idle and nobody is at work, something is wrong: it may serve all that is missing.
  void CheckNobodyIdlesInVain() {
    if (!scheduler_.HasMissing() || !scheduler_.flights().empty()) return;
    FAIL() << "work is left and nobody does it";
  }

  void Fly(FlightId id) {
    const Flight* flight = scheduler_.Find(id);
    if (flight == nullptr || ::testing::Test::HasFatalFailure()) return;  // lost a race in this tick
    Wire& wire = wires_[id];
    if (now_ < wire.first_byte) return;
    const File& file = files_[flight->file];
    const double end = static_cast<double>(BytesOf(flight->pieces, file.pieces.file_size()).end);
    const double speed = lines_[flight->source].bytes_per_sec * absl::ToDoubleSeconds(kTick);
    const double to = std::min({end, wire.position + speed, wire.breaks_at, wire.stalls_at});
    if (to > wire.position) Receive(id, to);
    if (scheduler_.Find(id) == nullptr || ::testing::Test::HasFatalFailure()) return;
    if (wire.position >= end) return Finish(id);
    if (wire.position >= wire.breaks_at) return Over(id, false);
    if (now_ - wire.silent_since > absl::Seconds(3)) Over(id, false);
  }

  void Receive(FlightId id, double to) {
    Wire& wire = wires_[id];
    const ByteCount before = static_cast<ByteCount>(wire.position);
    const ByteCount after = static_cast<ByteCount>(to);
    wire.position = to;
    if (after > before) wire.silent_since = now_;
    received_ += after - before;
    scheduler_.OnBytes(id, after, now_);
    const Flight flight = *scheduler_.Find(id);
    const ByteCount size = files_[flight.file].pieces.file_size();
    for (ByteCount at = before; at < after && !::testing::Test::HasFatalFailure();) {
      const PieceIndex piece = at / kPieceBytes;
      const ByteCount piece_end = BytesOf({piece, piece + 1}, size).end;
      const ByteCount next = std::min(after, piece_end);
      wire.piece_bytes += next - at;
      at = next;
      if (next == piece_end) Land(flight, piece);
    }
  }

  void Land(const Flight& flight, PieceIndex piece) {
    File& file = files_[flight.file];
    wires_[flight.id].piece_bytes = 0;
    ASSERT_EQ(file.pieces.state(piece), PieceMap::State::kClaimed) << "a piece that nobody owns, or fetched twice";
    file.pieces.BeginWrite(piece);
    file.pieces.Written(piece);
    ++file.landed[piece];
    landed_bytes_ += file.pieces.BytesIn(piece);
    Check("piece");
    if (flight.rival != 0) Over(flight.rival, true);
  }

  void Finish(FlightId id) {
    const Flight& flight = *scheduler_.Find(id);
    const double seconds = absl::ToDoubleSeconds(now_ - wires_[id].first_byte);
    const double rate = flight.pieces.size() * kPieceBytes / std::max(seconds, 0.02);
    double& estimate = estimates_[flight.source];
    estimate = estimate <= 0 ? rate : 0.7 * estimate + 0.3 * rate;
    Over(id, false);
  }

  void Over(FlightId id, bool lost_race) {
    (lost_race ? raced_away_ : broken_off_) += wires_[id].piece_bytes;
    wires_.erase(id);
    scheduler_.End(id);
    Check("end");
  }

  void LeaveAndCancel() {
    for (FileId file = 0; file < files_.size(); ++file) {
      File& f = files_[file];
      if (!f.open || now_ < f.cancelled) continue;
      EndWhere([file](const Flight& flight) { return flight.file == file; });
      scheduler_.RemoveFile(file);
      f.open = false;
      Check("cancel");
    }
    EndWhere([this](const Flight& flight) { return now_ >= lines_[flight.source].leaves; });
  }

  template <typename Predicate>
  void EndWhere(Predicate predicate) {
    std::vector<FlightId> doomed;
    for (const auto& [id, flight] : scheduler_.flights()) {
      if (predicate(flight)) doomed.push_back(id);
    }
    std::shuffle(doomed.begin(), doomed.end(), rng_);
    for (const FlightId id : doomed) Over(id, false);
  }

  void CheckBooks() {
    for (const File& f : files_) {
      if (!f.open) continue;
      ASSERT_EQ(static_cast<PieceIndex>(f.landed.size()), f.pieces.count());
      for (const auto& [piece, times] : f.landed) ASSERT_EQ(times, 1) << "piece " << piece;
    }
    // Nothing is left behind by flights that are still in the air when the last piece has landed.
    while (!scheduler_.flights().empty()) Over(scheduler_.flights().begin()->first, false);
    ASSERT_EQ(received_, landed_bytes_ + raced_away_ + broken_off_) << "bytes were fetched twice";
  }

  const Odds odds_;
  std::mt19937_64 rng_;
  absl::Time now_ = absl::UnixEpoch() + absl::Hours(1);
  std::vector<Line> lines_;
  std::vector<double> estimates_;
  std::deque<File> files_;
  std::set<std::pair<FileId, SourceIndex>> barred_;
  std::map<FlightId, Wire> wires_;
  Scheduler scheduler_{*this};
  ByteCount total_ = 0, received_ = 0, landed_bytes_ = 0, raced_away_ = 0, broken_off_ = 0;
  double seconds_ = 0;
};

void RunSeeds(const Odds& odds, uint64_t first, uint64_t last) {
  for (uint64_t seed = first; seed <= last && !::testing::Test::HasFatalFailure(); ++seed) {
    Race race(seed, odds);
    SCOPED_TRACE(absl::StrCat("seed ", seed, ": ", race.Describe()));
    race.Run();
  }
}

TEST(SchedulerRaceTest, EveryByteComesOnceFromSourcesThatBehave) { RunSeeds({}, 1, 100); }

TEST(SchedulerRaceTest, EveryByteComesOnceThoughConnectionsBreak) { RunSeeds({.break_off = 0.3}, 101, 200); }

TEST(SchedulerRaceTest, EveryByteComesOnceThoughConnectionsStall) { RunSeeds({.stall = 0.3}, 201, 300); }

TEST(SchedulerRaceTest, EveryByteComesOnceThoughSourcesLeaveAndFilesAreCancelled) {
  RunSeeds({.bar = 0.3, .leave = 0.5, .cancel = 0.2}, 301, 400);
}

TEST(SchedulerRaceTest, EveryByteComesOnceWhateverGoesWrong) {
  RunSeeds({.break_off = 0.2, .stall = 0.2, .bar = 0.2, .leave = 0.3, .cancel = 0.1}, 401, 600);
}

// Over all seeds; single ones may be unlucky.
TEST(SchedulerRaceTest, HealthyRacesEndCloseToTheSumOfTheRatesAndThrowLittleAway) {
  double seconds = 0, allowed = 0, wasted = 0, total = 0;
  for (uint64_t seed = 1001; seed <= 1100; ++seed) {
    Race race(seed, {});
    SCOPED_TRACE(absl::StrCat("seed ", seed, ": ", race.Describe()));
    race.Run();
    if (::testing::Test::HasFatalFailure()) return;
    seconds += race.seconds();
    allowed += race.ideal_seconds() + race.slack_seconds();
    wasted += static_cast<double>(race.raced_away());
    total += static_cast<double>(race.total());
  }
  RecordProperty("percent_wasted", absl::StrCat(100 * wasted / total));
  EXPECT_LT(seconds, 0.9 * allowed);
  EXPECT_LT(wasted, 0.01 * total);
}

}  // namespace
}  // namespace hfget::core
