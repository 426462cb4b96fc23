// Listings, and what compares with them.
#include "daemon/rpc/convert.h"

namespace hfget::rpc {
namespace {

v1::ManifestFile::HashKind KindOf(ContentHash::Kind kind) {
  switch (kind) {
    case ContentHash::Kind::kGitSha1:
      return v1::ManifestFile::HASH_KIND_GIT_SHA1;
    case ContentHash::Kind::kSha256:
      return v1::ManifestFile::HASH_KIND_SHA256;
    case ContentHash::Kind::kNone:
      return v1::ManifestFile::HASH_KIND_UNSPECIFIED;
  }
  return v1::ManifestFile::HASH_KIND_UNSPECIFIED;
}

v1::FileVerdict::Verdict VerdictOf(engine::FileVerdict::Verdict verdict) {
  using Verdict = engine::FileVerdict::Verdict;
  switch (verdict) {
    case Verdict::kGood:
      return v1::FileVerdict::VERDICT_GOOD;
    case Verdict::kMissing:
      return v1::FileVerdict::VERDICT_MISSING;
    case Verdict::kUnnamed:
      return v1::FileVerdict::VERDICT_UNNAMED;
    case Verdict::kWrongSize:
      return v1::FileVerdict::VERDICT_WRONG_SIZE;
    case Verdict::kCorrupt:
      return v1::FileVerdict::VERDICT_CORRUPT;
    case Verdict::kUnreadable:
      return v1::FileVerdict::VERDICT_UNREADABLE;
    case Verdict::kNoHash:
      return v1::FileVerdict::VERDICT_NO_HASH;
  }
  return v1::FileVerdict::VERDICT_UNSPECIFIED;
}

}  // namespace

v1::Manifest ToManifest(const engine::PullSnapshot& pull) {
  v1::Manifest out;
  out.set_repo(ValidUtf8(hub::ShownName(pull.repo)));
  out.set_type(ToProto(pull.repo.type));
  out.set_revision(ValidUtf8(pull.revision));
  out.set_commit(ValidUtf8(pull.commit));
  out.set_listing_source(ValidUtf8(pull.listing_source));
  out.set_total_bytes(pull.total);
  out.set_total_files(pull.total_files);
  out.set_repo_files(pull.repo_files);
  for (const auto& notice : pull.notices) out.add_notices(ValidUtf8(notice));
  out.set_path(ValidUtf8(pull.path));
  return out;
}

v1::ManifestFile ToProto(const hub::ManifestFile& file) {
  v1::ManifestFile out;
  out.set_path(ValidUtf8(file.path));
  out.set_size_bytes(file.size);
  out.set_hash_kind(KindOf(file.hash.kind));
  out.set_hash(file.hash.hex);
  out.set_xet_hash(ValidUtf8(file.xet_hash));
  return out;
}

v1::FileVerdict ToProto(const engine::FileVerdict& verdict) {
  v1::FileVerdict out;
  out.set_path(ValidUtf8(verdict.file->path));
  out.set_size_bytes(verdict.file->size);
  out.set_verdict(VerdictOf(verdict.verdict));
  out.set_found_path(ValidUtf8(verdict.found_path));
  out.set_found_bytes(verdict.found_size);
  out.set_found_hash(verdict.found_hash);
  out.set_message(ValidUtf8(verdict.message));
  return out;
}

}  // namespace hfget::rpc
