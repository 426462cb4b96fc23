// Hashing, one thread, bytes in memory. Units: bytes per second (GiB/s = Gi/s), time a call.
//   Sha256, GitSha1   the whole-file hashes, fed piece by piece as the disk pool feeds them (and, git SHA-1, with 4 KiB, a small file)
//   PieceXxh3         the keyed XXH3-128 of a piece as it arrived
//   StateOfSha256     what a checkpoint pays to export the midstate, and a restart to take it up again
#include <string>

#include "benchmark/benchmark.h"
#include "daemon/base/types.h"
#include "daemon/disk/digest.h"

namespace hfget::disk {
namespace {

std::string Bytes(int64_t size) {
  std::string bytes(static_cast<size_t>(size), '\0');
  uint32_t x = 1;
  for (char& c : bytes) c = static_cast<char>((x = x * 1664525 + 1013904223) >> 24);
  return bytes;
}

void Hash(benchmark::State& state, ContentHash::Kind kind) {
  const std::string bytes = Bytes(state.range(0));
  FileHasher hasher(kind, kGiB);
  for (auto _ : state) hasher.Update(bytes);
  benchmark::DoNotOptimize(hasher.Result());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
void Sha256(benchmark::State& state) { Hash(state, ContentHash::Kind::kSha256); }
void GitSha1(benchmark::State& state) { Hash(state, ContentHash::Kind::kGitSha1); }
BENCHMARK(Sha256)->Arg(kPieceBytes)->Unit(benchmark::kMicrosecond);
BENCHMARK(GitSha1)->Arg(4 * kKiB)->Arg(kPieceBytes)->Unit(benchmark::kMicrosecond);

void PieceXxh3(benchmark::State& state) {
  const std::string bytes = Bytes(state.range(0));
  const PieceDigester digest(std::string(32, 'k'));
  for (auto _ : state) benchmark::DoNotOptimize(digest(bytes));
  state.SetBytesProcessed(state.iterations() * state.range(0));
}
BENCHMARK(PieceXxh3)->Arg(4 * kKiB)->Arg(kPieceBytes)->Unit(benchmark::kMicrosecond);

void StateOfSha256(benchmark::State& state) {
  FileHasher hasher(ContentHash::Kind::kSha256, kGiB);
  hasher.Update(Bytes(kPieceBytes));
  for (auto _ : state) {
    const std::string saved = hasher.ExportState();
    if (!FileHasher::FromState(ContentHash::Kind::kSha256, kGiB, kPieceBytes, saved)) {
      return state.SkipWithError("the state was not taken up again");
    }
  }
}
BENCHMARK(StateOfSha256)->Unit(benchmark::kNanosecond);

}  // namespace
}  // namespace hfget::disk
