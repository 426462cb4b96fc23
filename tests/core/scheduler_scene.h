// A race as a script: files, flights over them, bytes that come at a pace, and what the scheduler answers.
#ifndef HFGET_TESTS_CORE_SCHEDULER_SCENE_H_
#define HFGET_TESTS_CORE_SCHEDULER_SCENE_H_

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "daemon/core/scheduler.h"
#include "gtest/gtest.h"

namespace hfget::core {

inline constexpr SourceIndex kA = 0, kB = 1, kC = 2;

// Files 1, 2, … of so many MiB, and the flights over them. Answers are lines such as "fresh 1[0,2)": file 1, pieces 0 and 1.
struct Scene : Scheduler::World {
  struct Line {
    FlightId flight;
    double mib_per_sec;
  };

  bool MayServe(FileId file, SourceIndex source) const override {
    return barred.count({file, source}) == 0;
  }

  FileId AddFile(double mib) {
    files.emplace_back(static_cast<ByteCount>(mib * kMiB));
    scheduler.AddFile(files.size(), &files.back());
    return files.size();
  }
  PieceMap& File(FileId file) { return files[file - 1]; }
  // These pieces are there already.
  void Have(FileId file, PieceRange pieces) {
    for (PieceIndex p = pieces.begin; p < pieces.end; ++p) {
      File(file).BeginWrite(p);
      File(file).Written(p);
    }
  }
  void Bar(FileId file, SourceIndex source) { barred.insert({file, source}); }

  // What this source is told to do. `last` is the new flight.
  std::string Ask(SourceIndex source, double mib_per_sec = 0, absl::Duration latency = absl::ZeroDuration()) {
    const auto a = scheduler.Next({source, mib_per_sec * kMiB, latency}, now);
    EXPECT_TRUE(scheduler.Consistent());
    if (!a) return "nothing";
    last = a->flight;
    const Flight& f = *scheduler.Find(a->flight);
    EXPECT_EQ(f.source, source);
    const std::string range = absl::StrCat(f.file, "[", f.pieces.begin, ",", f.pieces.end, ")");
    switch (a->kind) {
      case Assignment::Kind::kFresh: return absl::StrCat("fresh ", range);
      case Assignment::Kind::kSteal: return absl::StrCat("steal ", range, " of #", a->victim);
      case Assignment::Kind::kTakeOver: return absl::StrCat("take over ", range, " of #", a->victim);
      case Assignment::Kind::kDuplicate: return absl::StrCat("duplicate ", range, " of #", a->victim);
    }
    return "?";
  }
  FlightId Start(SourceIndex source, double mib_per_sec = 0, absl::Duration latency = absl::ZeroDuration()) {
    EXPECT_NE(Ask(source, mib_per_sec, latency), "nothing");
    return last;
  }

  // Bytes come steadily over these flights; pieces that are whole are written at once.
  void Fly(double seconds, const std::vector<Line>& lines) {
    for (const absl::Time end = now + absl::Seconds(seconds); now < end;) {
      const absl::Duration step = std::min(absl::Milliseconds(10), end - now);
      now += step;
      for (const Line& line : lines) {
        Arrive(line.flight, line.mib_per_sec * kMiB * absl::ToDoubleSeconds(step));
      }
    }
  }
  void Arrive(FlightId id, double bytes) {
    const Flight& f = *scheduler.Find(id);
    PieceMap& pieces = File(f.file);
    exact[id] += bytes;
    const ByteCount end = BytesOf(f.pieces, pieces.file_size()).end;
    const ByteCount to = std::min<ByteCount>(end, f.pieces.begin * kPieceBytes + std::llround(exact[id]));
    PieceIndex whole = f.position / kPieceBytes;
    scheduler.OnBytes(id, to, now);
    for (; whole < f.pieces.end && BytesOf({whole, whole + 1}, pieces.file_size()).end <= to; ++whole) {
      if (pieces.state(whole) > PieceMap::State::kClaimed) continue;
      pieces.BeginWrite(whole);
      pieces.Written(whole);
    }
  }
  void Pass(double seconds) { Fly(seconds, {}); }
  void End(FlightId flight) {
    scheduler.End(flight);
    EXPECT_TRUE(scheduler.Consistent());
  }
  // One letter a piece: . missing, c claimed, W written.
  std::string Picture(FileId file) {
    std::string picture;
    for (PieceIndex p = 0; p < File(file).count(); ++p) {
      picture += ".cwWD"[static_cast<int>(File(file).state(p))];
    }
    return picture;
  }

  std::deque<PieceMap> files;
  std::set<std::pair<FileId, SourceIndex>> barred;
  std::map<FlightId, double> exact;
  Scheduler scheduler{*this};
  absl::Time now = absl::UnixEpoch() + absl::Hours(1);
  FlightId last = 0;
};

// One file whose first half is on its way in one flight; the other half is there.
struct Chase : Scene {
  Chase(PieceIndex length, double mib_per_sec, double seconds, absl::Duration latency = absl::ZeroDuration()) {
    AddFile(2 * length + 2);  // a connection alone takes half of what is left
    Have(1, {length, length + 1});
    victim = Start(kA, 1000, latency);
    EXPECT_EQ(scheduler.Find(victim)->pieces, (PieceRange{0, length}));
    Have(1, {length + 1, 2 * length + 2});
    if (mib_per_sec > 0) Fly(seconds, {{victim, mib_per_sec}});
    else Pass(seconds);
  }
  double SecondsLeft(FlightId flight, double mib_per_sec) {
    const Flight& f = *scheduler.Find(flight);
    return (f.pieces.end - static_cast<double>(f.position) / kMiB) / mib_per_sec;
  }
  FlightId victim;
};

}  // namespace hfget::core

#endif  // HFGET_TESTS_CORE_SCHEDULER_SCENE_H_
