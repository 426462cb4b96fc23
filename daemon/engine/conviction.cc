#include "daemon/engine/conviction.h"

#include "absl/strings/str_cat.h"

namespace hfget::engine {
namespace {

std::string Text(const core::Provenance::Digest& digest) {
  return absl::StrCat(absl::Hex(digest[1], absl::kZeroPad16), absl::Hex(digest[0], absl::kZeroPad16));
}

std::string KindName(const ContentHash& hash) { return hash.kind == ContentHash::Kind::kSha256 ? "sha256" : "git sha1"; }

}  // namespace

std::string PieceRuns(const std::vector<PieceIndex>& pieces, size_t most) {
  std::string text;
  size_t runs = 0;
  for (size_t first = 0; first < pieces.size();) {
    size_t last = first;
    while (last + 1 < pieces.size() && pieces[last + 1] == pieces[last] + 1) ++last;
    if (++runs > most) return absl::StrCat(text, " and ", pieces.size() - first, " more");
    absl::StrAppend(&text, runs == 1 ? "" : ", ", pieces[first]);
    if (last > first) absl::StrAppend(&text, "-", pieces[last]);
    first = last + 1;
  }
  return text;
}

records::v1::ConvictionRecord ConvictionOf(core::SourceIndex source, const hub::ManifestFile& file,
                                           const core::Provenance& provenance, const std::vector<PieceIndex>& pieces,
                                           absl::Time now) {
  records::v1::ConvictionRecord conviction;
  conviction.set_at_unix_ms(absl::ToUnixMillis(now));
  conviction.set_path(file.path);
  conviction.set_piece(pieces.front());
  std::string evidence = absl::StrCat("sent wrong bytes: ", file.path, ", ", pieces.size(), " piece(s), MiB ", PieceRuns(pieces));
  if (const auto sent = provenance.Replaced(source, pieces.front())) {
    absl::StrAppend(&evidence, "; the digest of MiB ", pieces.front(), " was ", Text(*sent), ", from another source it is ",
                    Text(provenance.at(pieces.front()).digest));
  }
  absl::StrAppend(&evidence, ", and with that the file has the listed ", KindName(file.hash), " ", file.hash.hex);
  conviction.set_evidence(evidence);
  return conviction;
}

}  // namespace hfget::engine
