// What others, or the disk itself, have done to a partial file: found by the digests of what was written, and fetched again.
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/transfer.h"

namespace hfget::engine {
namespace {

// A disk that spoils what was just written again and again will not be waited out piece by piece.
constexpr int kDamageRounds = 3;

}  // namespace

void Transfer::LookForDamage(absl::AnyInvocable<void()> intact) {
  if (!provenance_loaded_) {
    provenance_waiter_ = [this, intact = std::move(intact)]() mutable {
      if (state_ != State::kOver) LookForDamage(std::move(intact));
    };
    return;
  }
  std::vector<disk::ExpectedPiece> expected;
  std::vector<PieceIndex> unknown;
  for (PieceIndex p = 0; p < pieces_.count(); ++p) {
    const core::Provenance::Entry& e = provenance_.at(p);
    if (e.known) {
      expected.push_back({p, {e.digest[0], e.digest[1]}});
    } else {
      unknown.push_back(p);
    }
  }
  context_.disk.FindDamage(
      partial_, std::move(expected),
      lifetime_.Guard([this, unknown = std::move(unknown),
                       intact = std::move(intact)](absl::StatusOr<std::vector<PieceIndex>> damaged) mutable {
        if (state_ != State::kHashing && state_ != State::kPublishing) return;
        if (!damaged.ok()) return FailDisk(damaged.status(), "cannot read the partial file back");
        damaged->insert(damaged->end(), unknown.begin(), unknown.end());
        OnDamage(*damaged, std::move(intact));
      }));
}

void Transfer::OnDamage(const std::vector<PieceIndex>& damaged, absl::AnyInvocable<void()> intact) {
  if (damaged.empty()) return intact();
  if (AnyClaim() == nullptr) return End();
  if (++damage_rounds_ > kDamageRounds) {
    return FailDisk(absl::DataLossError(absl::StrCat(damaged.size(), " piece(s) are not what was written, again and again")),
                    "cannot read the partial file back");
  }
  spdlog::warn("{}: {} piece(s) on the disk are not what was written; they are fetched again", file_.path, damaged.size());
  FetchAgain(damaged);
}

void Transfer::LoadProvenance() {
  provenance_loaded_ = false;
  context_.store.ReadProvenance(key_, lifetime_.Guard([this](auto records) {
    if (!records.ok()) spdlog::warn("{}: who sent what is not known: {}", file_.path, records.status().message());
    if (records.ok()) {
      for (const auto& [first, record] : *records) TakeProvenance(first, record);
    }
    provenance_loaded_ = true;
    if (auto waiter = std::exchange(provenance_waiter_, nullptr)) waiter();
  }));
}

void Transfer::TakeProvenance(PieceIndex first, const records::v1::ProvenanceRecord& record) {
  for (size_t i = 0; i < record.source_index().size(); ++i) {
    const PieceIndex piece = first + static_cast<PieceIndex>(i);
    const auto name = static_cast<uint8_t>(record.source_index()[i]);
    if (piece < 0 || piece >= pieces_.count() || record.digests().size() < (i + 1) * 16) continue;
    if (provenance_.at(piece).known) continue;
    core::Provenance::Digest digest;
    memcpy(digest.data(), record.digests().data() + i * 16, 16);
    if (digest == core::Provenance::Digest{}) continue;  // was not there yet
    const bool named = name < record.sources_size();
    const auto source = named ? context_.sources.Find(record.sources(name)) : std::nullopt;
    provenance_.Load(piece, source.value_or(core::Provenance::kUnknown), digest);
  }
}

}  // namespace hfget::engine
