#include "daemon/engine/racer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/base/log.h"
#include "daemon/engine/conviction.h"

namespace hfget::engine {
namespace {

// Steals and races depend on time, not only on events: looked at so often.
constexpr absl::Duration kKeepHouseEvery = absl::Milliseconds(100);

}  // namespace

Racer::Racer(Context& context)
    : context_(context), scheduler_(*this), last_byte_(context.clock.Steady()) {}

Racer::~Racer() = default;

Transfer& Racer::Join(TransferClient& client, size_t file_index, const hub::ManifestFile& file) {
  const std::string key = client.layout()->PartialPath(file);
  const auto found = by_key_.find(key);
  if (found != by_key_.end() && found->second->joinable()) {
    found->second->Join(client, file_index, file);
    return *found->second;
  }
  const core::FileId id = next_file_++;
  auto transfer = std::make_unique<Transfer>(context_, *this, id, key, file, key, client.layout()->LockPath(file));
  Transfer& t = *transfer;
  by_key_[key] = &t;
  transfers_.emplace(id, std::move(transfer));
  t.Join(client, file_index, file);
  // Else it is opened when the last one is over.
  if (!Closing(key)) Open(t);
  return t;
}

bool Racer::Closing(const std::string& key) const {
  return std::any_of(transfers_.begin(), transfers_.end(), [&key](const auto& t) {
    return t.second->state() == Transfer::State::kOver && t.second->key() == key;
  });
}

void Racer::Open(Transfer& transfer) {
  std::optional<records::v1::TransferRecord> record;
  const auto found = records_.find(transfer.key());
  if (found != records_.end()) {
    record = std::move(found->second);
    records_.erase(found);
  }
  transfer.Open(std::move(record));
}

void Racer::Leave(TransferClient& client, bool discard) {
  std::vector<Transfer*> all;
  for (const auto& [id, transfer] : transfers_) all.push_back(transfer.get());
  for (Transfer* transfer : all) transfer->Leave(client, discard);
}

void Racer::Load(std::string key, records::v1::TransferRecord record) {
  records_.insert_or_assign(std::move(key), std::move(record));
}

void Racer::Forget(const std::string& key, bool on_disk) {
  if (Find(key) != nullptr) return;  // another pull is at it
  if (records_.erase(key) > 0) {
    store::Batch batch;
    batch.deletes.push_back(store::TransferKey(key));
    batch.delete_prefixes.push_back(store::ProvenancePrefix(key));
    context_.store.Commit(std::move(batch), store::Durability::kProgress, [](absl::Status) {});
    on_disk = true;
  }
  if (!on_disk) return;
  context_.disk.Run([key](FileSystem& fs) { return fs.Remove(key); }, [](absl::Status) {});
}

void Racer::Discard(const std::string& key) {
  const Transfer* transfer = Find(key);
  if (transfer == nullptr) return Forget(key, false);
  if (!transfer->joinable()) discarded_.insert(key);
}

Transfer* Racer::TransferOf(core::FileId file) const {
  const auto it = transfers_.find(file);
  return it == transfers_.end() ? nullptr : it->second.get();
}

const Transfer* Racer::Find(const std::string& key) const {
  const auto it = by_key_.find(key);
  return it == by_key_.end() ? nullptr : it->second;
}

bool Racer::MayServe(core::FileId file, core::SourceIndex source) const {
  const Transfer* transfer = TransferOf(file);
  const auto connections = [this](const TransferClient& client) { return ConnectionsOf(&client); };
  return transfer != nullptr && transfer->MayServe(source, context_.clock.Steady()) && transfer->HasRoom(connections);
}

bool Racer::MayRace(core::FileId file) const {
  const Transfer* transfer = TransferOf(file);
  return transfer != nullptr && !transfer->limited() && context_.config.max_bytes_per_sec == 0;
}

void Racer::Tick(absl::Time now) {
  Sweep();
  if (shutting_down_) return;
  if (now >= next_house_keeping_) KeepHouse(now);
  if (work_changed_) {
    work_changed_ = false;
    Dispatch(now);
  }
}

void Racer::KeepHouse(absl::Time now) {
  next_house_keeping_ = now + kKeepHouseEvery;
  work_changed_ = true;
  std::vector<Fetch*> running;
  for (const auto& [id, fetch] : fetches_) running.push_back(fetch.get());
  for (Fetch* fetch : running) {
    fetch->CheckStall(context_.sources.at(fetch->source()).stats.StallAfter(), now);
  }
  EndExcess();
  std::vector<Transfer*> all;
  for (const auto& [id, transfer] : transfers_) all.push_back(transfer.get());
  for (Transfer* transfer : all) {
    if (auto error = transfer->Hopeless(now)) transfer->FailWith(*std::move(error));
  }
  Checkpoint(now);
}

// The youngest, which have the least to lose.
void Racer::EndExcess() {
  std::vector<Fetch*> ending;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& source = context_.sources.at(i);
    int excess = source.limit.Excess(source.in_use);
    for (auto it = fetches_.rbegin(); it != fetches_.rend() && excess > 0; ++it) {
      if (it->second->source() != i) continue;
      ending.push_back(it->second.get());
      --excess;
    }
  }
  for (Fetch* fetch : ending) fetch->Yield();
}

// A crash loses no more when many files are on their way than when one is: when all together have enough to record, those
// go that have half a fair share of it or more.
void Racer::Checkpoint(absl::Time now) {
  ByteCount dirty = 0;
  int files = 0;
  for (const auto& [id, transfer] : transfers_) {
    dirty += transfer->dirty_bytes();
    files += transfer->dirty_bytes() > 0;
  }
  const bool enough = dirty >= context_.config.checkpoint_bytes;
  std::vector<Transfer*> all;
  for (const auto& [id, transfer] : transfers_) all.push_back(transfer.get());
  for (Transfer* transfer : all) {
    const ByteCount own = transfer->dirty_bytes();
    transfer->MaybeCheckpoint(now, enough && own > 0 && own * 2 * files >= dirty, nullptr);
  }
}

absl::Time Racer::NextTick(absl::Time now) const {
  if (shutting_down_) return absl::InfiniteFuture();
  if (work_changed_ || !retired_transfers_.empty()) return now;
  return transfers_.empty() ? absl::InfiniteFuture() : next_house_keeping_;
}

void Racer::Sweep() {
  retired_fetches_.clear();
  retired_transfers_.clear();
}

void Racer::Dispatch(absl::Time now) {
  if (transfers_.empty()) return;
  bool wanted[2] = {false, false};
  for (const auto& [id, transfer] : transfers_) wanted[transfer->hub() == hub::Hub::kModelScope] = true;
  if (wanted[0]) context_.sources.KeepOneUsable(now, hub::Hub::kHuggingFace);
  if (wanted[1]) context_.sources.KeepOneUsable(now, hub::Hub::kModelScope);
  // One each in turn, so that no source takes all the work before the others had a look.
  std::vector<core::SourceIndex> open;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) open.push_back(i);
  while (!open.empty()) {
    std::erase_if(open, [&](core::SourceIndex i) { return !DispatchOne(i, now); });
  }
}

bool Racer::DispatchOne(core::SourceIndex index, absl::Time now) {
  Source& source = context_.sources.at(index);
  if (!context_.sources.Usable(index, now) || now < source.not_before || !source.quota.Allows(source.unanswered, now)) return false;
  const core::Offer offer{index, source.stats.connection_rate(), source.stats.latency()};
  if (source.in_use >= context_.sources.ConnectionsAllowed(index) || connections() >= context_.config.max_connections) {
    return Displace(offer, now);
  }
  const auto assignment = scheduler_.Next(offer, now);
  if (!assignment) return false;
  if (assignment->kind == core::Assignment::Kind::kSteal) {
    const core::Flight* victim = scheduler_.Find(assignment->victim);
    const auto fetch = fetches_.find(assignment->victim);
    if (victim != nullptr && fetch != fetches_.end()) fetch->second->Shorten(victim->pieces.end * kPieceBytes);
  }
  if (assignment->kind == core::Assignment::Kind::kTakeOver) {
    const auto fetch = fetches_.find(assignment->victim);
    if (fetch != fetches_.end()) fetch->second->Yield();
  }
  StartFetch(*assignment);
  return true;
}

bool Racer::Displace(const core::Offer& offer, absl::Time now) {
  const auto displaced = scheduler_.Displace(offer, now);
  if (!displaced) return false;
  const auto fetch = fetches_.find(displaced->victim);
  if (fetch != fetches_.end()) fetch->second->Yield();
  StartFetch(displaced->assignment);
  return true;
}

void Racer::StartFetch(const core::Assignment& assignment) {
  const core::Flight& flight = *scheduler_.Find(assignment.flight);
  Transfer& transfer = *TransferOf(flight.file);
  FetchJob job = transfer.JobFor(flight, context_.clock.Wall());
  Source& source = context_.sources.at(flight.source);
  ++source.in_use;
  ++source.counters.range_requests;
  auto fetch = std::make_unique<Fetch>(context_, std::move(job), *this);
  Fetch& f = *fetch;
  fetches_.emplace(flight.id, std::move(fetch));
  f.Start();
}

// The fetch is out of the books; the object lives to the end of the turn.
void Racer::Retire(core::FlightId flight) {
  const auto it = fetches_.find(flight);
  if (it == fetches_.end()) return;
  --context_.sources.at(it->second->source()).in_use;
  retired_fetches_.push_back(std::move(it->second));
  fetches_.erase(it);
  std::erase(paused_, flight);
  work_changed_ = true;
}

void Racer::AbandonFlight(core::FlightId id) {
  const core::Flight* flight = scheduler_.Find(id);
  const auto it = fetches_.find(id);
  if (flight == nullptr || it == fetches_.end()) return;
  it->second->Abandon();
  Transfer* transfer = TransferOf(flight->file);
  if (transfer != nullptr) {
    FetchResult nothing;
    transfer->OnWasted(it->second->unfinished_bytes());
    transfer->OnFetchEnd(flight->source, nothing, context_.clock.Steady());
  }
  scheduler_.End(id);
  Retire(id);
}

void Racer::OnTarget(Fetch& fetch, const Target& target) {
  const core::Flight* flight = scheduler_.Find(fetch.flight());
  if (flight == nullptr) return;
  context_.sources.at(flight->source).verified = true;
  if (!fetch.job().token.empty()) context_.sources.OnAuthenticated(flight->source, true, "");
  if (Transfer* transfer = TransferOf(flight->file)) transfer->OnTarget(flight->source, target);
  work_changed_ = true;  // more connections may ask this source for this file now
}

void Racer::OnPiece(Fetch& fetch, PieceIndex piece, disk::Buffer buffer, core::SourceIndex also) {
  const core::Flight* found = scheduler_.Find(fetch.flight());
  if (found == nullptr) return;
  const core::Flight flight = *found;
  Transfer* transfer = TransferOf(flight.file);
  if (transfer == nullptr || !transfer->Wants(piece)) {
    if (transfer != nullptr) transfer->OnWasted(buffer.size());
    return;
  }
  transfer->OnPiece(flight, piece, std::move(buffer), also);
  // The race for this piece is decided: the first whole piece wins.
  if (flight.rival != 0) AbandonFlight(flight.rival);
}

void Racer::OnBytes(Fetch& fetch, ByteCount received, ByteCount position) {
  const absl::Time now = context_.clock.Steady();
  last_byte_ = now;
  Source& source = context_.sources.at(fetch.source());
  source.stats.OnBytes(received, now);
  source.counters.received_bytes += received;
  // What our own limit holds back says nothing of what the source would give.
  const bool held_back = context_.sources.OpenAt(fetch.source(), fetch.job().bucket.get(), now) > now;
  source.limit.OnBytes(received, held_back ? 0 : source.in_use, fetch.received() == received, now);
  scheduler_.OnBytes(fetch.flight(), position, now);
  const core::Flight* flight = scheduler_.Find(fetch.flight());
  if (flight == nullptr) return;
  if (Transfer* transfer = TransferOf(flight->file)) transfer->OnReceived(flight->source, received, now);
}

void Racer::OnPaused(Fetch& fetch) {
  ++context_.counters.buffer_waits;
  paused_.push_back(fetch.flight());
}

void Racer::OnBuffersAvailable() {
  std::deque<core::FlightId> waiting;
  waiting.swap(paused_);
  for (const core::FlightId id : waiting) {
    const auto it = fetches_.find(id);
    if (it != fetches_.end()) it->second->Unpause();
  }
}

void Racer::OnEnd(Fetch& fetch, FetchResult result) {
  const core::FlightId id = fetch.flight();
  const core::Flight* found = scheduler_.Find(id);
  if (found == nullptr) return;
  const core::Flight flight = *found;
  const absl::Time now = context_.clock.Steady();
  Source& source = context_.sources.at(flight.source);
  source.stats.OnFlight(result.body_bytes, result.body_time);
  Record(fetch, result, now);
  scheduler_.End(id);
  Retire(id);
  if (Transfer* transfer = TransferOf(flight.file)) transfer->OnFetchEnd(flight.source, result, now);
}

void Racer::Record(const Fetch& fetch, const FetchResult& result, absl::Time now) {
  const core::SourceIndex index = fetch.source();
  const std::string host = fetch.job().target.data_host ? fetch.job().target.url.HostAndPort() : "";
  const bool good = result.failure == core::Failure::kNone;
  // A connection that brought something and broke is not the same as one that brought nothing.
  if ((good && !result.yielded) || result.body_bytes >= kPieceBytes) {
    context_.sources.OnSuccess(index, now);
    if (!host.empty()) context_.sources.HostOf(index, host).OnSuccess(result.body_bytes, result.body_time, now);
  }
  if (good) return;
  context_.sources.at(index).counters.range_retries.Add(result.failure);
  spdlog::debug("range of source {} failed: {} ({})", context_.sources.at(index).config.name,
                core::FailureName(result.failure), result.why);
  if (result.WasCut()) return context_.sources.OnCut(index, result.why);
  // Nobody else says these.
  const bool speaks = result.hub_error.kind == hub::HubErrorKind::kRevisionNotFound ||
                      result.hub_error.kind == hub::HubErrorKind::kEntryNotFound;
  if (host.empty() && speaks) context_.sources.at(index).verified = true;
  const bool refused = result.failure == core::Failure::kCredential || result.hub_error.status == 401;
  if (host.empty() && refused && !fetch.job().token.empty()) context_.sources.OnAuthenticated(index, false, result.why);
  if (host.empty()) {
    context_.sources.OnFailure(index, result.failure, result.rest, result.why, now, context_.rng);
  } else {
    context_.sources.OnDataHostFailure(index, host, result.failure, result.rest, result.why, now, context_.rng);
  }
}

void Racer::BeginRacing(Transfer& transfer) {
  scheduler_.AddFile(transfer.id(), &transfer.pieces(), transfer.standing());
  work_changed_ = true;
}

void Racer::OnStanding(Transfer& transfer) {
  scheduler_.SetStanding(transfer.id(), transfer.standing());
  work_changed_ = true;
}

void Racer::Restand(const TransferClient& client) {
  for (const auto& [id, transfer] : transfers_) {
    if (transfer->WantedBy(&client)) OnStanding(*transfer);
  }
}

void Racer::EndRacing(Transfer& transfer) {
  std::vector<core::FlightId> flights;
  for (const core::Flight* flight : scheduler_.flights()) {
    if (flight->file == transfer.id()) flights.push_back(flight->id);
  }
  for (const core::FlightId id : flights) AbandonFlight(id);
  scheduler_.RemoveFile(transfer.id());
}

void Racer::Convict(core::SourceIndex index, const Transfer& transfer,
                    const std::vector<PieceIndex>& pieces) {
  Source& source = context_.sources.at(index);
  const records::v1::ConvictionRecord conviction =
      ConvictionOf(index, transfer.file(), transfer.provenance(), pieces, context_.clock.Wall());
  spdlog::warn("source {} is quarantined: {}", source.config.name, conviction.evidence());
  source.health.Quarantine(conviction.evidence());
  std::vector<core::FlightId> flights;
  for (const core::Flight* flight : scheduler_.flights()) {
    if (flight->source == index) flights.push_back(flight->id);
  }
  for (const core::FlightId id : flights) AbandonFlight(id);
  source.convictions.push_back(conviction);
  store::Batch batch;
  batch.puts.emplace_back(store::SourceKey(source.config.name),
                          context_.sources.ToRecord(index, context_.clock.Wall()).SerializeAsString());
  context_.store.Commit(std::move(batch), store::Durability::kPromise, [](absl::Status) {});
}

std::vector<double> Racer::Trust() const {
  std::vector<double> trust;
  for (core::SourceIndex i = 0; i < context_.sources.count(); ++i) {
    const Source& s = context_.sources.at(i);
    trust.push_back((s.config.authority && s.hub() == hub::Hub::kHuggingFace ? 10 : 0) + s.stats.success() -
                    10.0 * static_cast<double>(s.convictions.size()));
  }
  return trust;
}

void Racer::OnOver(Transfer& transfer) {
  const auto it = transfers_.find(transfer.id());
  if (it == transfers_.end()) return;
  const auto key = by_key_.find(transfer.key());
  if (key != by_key_.end() && key->second == &transfer) by_key_.erase(key);
  if (auto record = transfer.KeptRecord()) records_.insert_or_assign(transfer.key(), *std::move(record));
  retired_transfers_.push_back(std::move(it->second));
  transfers_.erase(it);
  work_changed_ = true;
  if (discarded_.erase(transfer.key()) > 0) Forget(transfer.key(), false);
  const auto next = by_key_.find(transfer.key());
  if (next != by_key_.end() && next->second->waits_to_open() && !Closing(transfer.key())) Open(*next->second);
}

int Racer::ConnectionsOf(const TransferClient* client) const {
  const auto flights = scheduler_.flights();
  return std::count_if(flights.begin(), flights.end(), [&](const core::Flight* flight) {
    const Transfer* transfer = TransferOf(flight->file);
    return transfer != nullptr && transfer->WantedBy(client);
  });
}

int Racer::ConnectionsOf(core::SourceIndex source, const TransferClient* client) const {
  int n = 0;
  for (const core::Flight* flight : scheduler_.flights()) {
    if (flight->source != source) continue;
    const Transfer* transfer = TransferOf(flight->file);
    n += transfer != nullptr && transfer->WantedBy(client);
  }
  return n;
}

void Racer::Shutdown(absl::AnyInvocable<void()> done) {
  shutting_down_ = true;
  std::vector<core::FlightId> flights;
  for (const auto& [id, fetch] : fetches_) flights.push_back(id);
  for (const core::FlightId id : flights) AbandonFlight(id);
  auto waiting = std::make_shared<size_t>(transfers_.size() + 1);
  auto finish = std::make_shared<absl::AnyInvocable<void()>>(std::move(done));
  const auto one_done = [waiting, finish] {
    if (--*waiting == 0) (*finish)();
  };
  std::vector<Transfer*> all;
  for (const auto& [id, transfer] : transfers_) all.push_back(transfer.get());
  for (Transfer* transfer : all) transfer->MaybeCheckpoint(context_.clock.Steady(), true, one_done);
  one_done();
}

}  // namespace hfget::engine
