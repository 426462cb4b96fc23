// One comparison of what is on this machine with what a repo has.
#ifndef HFGET_DAEMON_ENGINE_VERIFICATION_H_
#define HFGET_DAEMON_ENGINE_VERIFICATION_H_

#include <memory>
#include <vector>

#include "absl/functional/any_invocable.h"
#include "daemon/core/rate_meter.h"
#include "daemon/engine/api.h"
#include "daemon/engine/context.h"
#include "daemon/engine/file_check.h"
#include "daemon/engine/lifetime.h"
#include "daemon/engine/manifest_read.h"
#include "daemon/layout/layout.h"

namespace hfget::engine {

// Reads the listing, then each file, on the disk pool in turns with whatever else it does. When asked, what is wrong is then read once more, given
// up and handed to a pull: until all was read nothing is touched, and from then on it goes through without its client too. Thread: the engine.
class Verification {
 public:
  using StartPull = absl::AnyInvocable<void(PullSpec, EngineApi::Answer<PullStarted>)>;

  // `start`: null when nothing is to be repaired. `done` is called once, after the sink's last; it may not destroy this object.
  Verification(Context& context, Racer& racer, Prober& prober, PullSpec spec, StartPull start, std::weak_ptr<VerifySink> sink,
               absl::AnyInvocable<void()> done);

  // Once.
  void Begin();

 private:
  // Some work on the disk pool: at most so many bytes and files.
  struct Turn {
    std::unique_ptr<FileCheck> check;  // of a file that is not read to its end
    ByteCount carried = 0;             // so much of it was read before
    std::vector<const hub::ManifestFile*> files;
    std::vector<FileVerdict> verdicts;
    absl::Status kept;  // not OK: one that was to be given up is still there
    ByteCount read = 0;
  };

  void OnManifest(ManifestAnswer manifest);
  // Begins with the files of todo_.
  void GoThrough();
  void Go(Turn before);
  static absl::Status Work(FileSystem& fs, layout::Layout& layout, bool distrust, Turn& turn);
  void OnTurn(std::shared_ptr<Turn> turn);
  void OnRead(VerifySink& sink, Turn& turn);
  void Count(const FileVerdict& verdict);
  void TellProgress();
  void OnAllRead();
  void Repair();
  void Conclude();

  Context& context_;
  PullSpec spec_;
  StartPull start_;
  std::weak_ptr<VerifySink> sink_;
  absl::AnyInvocable<void()> done_;
  ManifestRead read_;
  std::shared_ptr<layout::Layout> layout_;
  ListedFiles files_;
  std::vector<const hub::ManifestFile*> bad_;   // that are there
  std::vector<const hub::ManifestFile*> todo_;  // of files_, or bad_
  size_t next_ = 0;  // of todo_
  std::shared_ptr<VerifySink> held_;  // from when what is bad is given up: then this goes on without a client
  int lanes_ = 0;  // turns under way
  bool over_ = false;  // nobody listens any more
  VerifySummary summary_;
  VerifyProgress progress_;
  ByteCount unfinished_ = 0;  // read of files that are not read to their ends
  core::RateMeter rate_;
  absl::Time told_ = absl::InfinitePast();
  Lifetime lifetime_;
};

}  // namespace hfget::engine

#endif  // HFGET_DAEMON_ENGINE_VERIFICATION_H_
