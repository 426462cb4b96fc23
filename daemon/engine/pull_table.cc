#include "daemon/engine/pull_table.h"

#include <algorithm>
#include <iterator>

#include "absl/hash/hash.h"

namespace hfget::engine {
namespace {

// Equal for those of which one is Pull::SameAs the other; seldom for others.
size_t Likeness(const PullSpec& spec) { return absl::HashOf(spec.owner, spec.repo.name, spec.revision, spec.local_dir); }

}  // namespace

Pull* PullTable::Find(const std::string& id) const {
  const auto found = rows_.find(id);
  return found == rows_.end() ? nullptr : found->second.pull.get();
}

Pull& PullTable::Put(std::unique_ptr<Pull> pull) {
  Erase(pull->id());
  Row& row = rows_[pull->id()];
  row.pull = std::move(pull);
  row.likeness = Likeness(row.pull->spec());
  all_.insert(row.pull.get());
  Place(row);
  PlaceNames(row);
  return *row.pull;
}

void PullTable::Erase(const std::string& id) {
  const auto found = rows_.find(id);
  if (found == rows_.end()) return;
  Row& row = found->second;
  Displace(row);
  all_.erase(row.pull.get());
  DisplaceNames(row);
  rows_.erase(found);
}

void PullTable::Refresh(Pull& pull) {
  const auto found = rows_.find(pull.id());
  if (found == rows_.end() || found->second.pull.get() != &pull) return;
  Displace(found->second);
  Place(found->second);
  PlaceNames(found->second);
}

void PullTable::Place(Row& row) {
  Pull* pull = row.pull.get();
  row.turn = {pull->turn(), pull->id()};
  row.open = !core::IsTerminal(pull->state());
  if (!row.open) return;
  open_.insert(pull);
  ++open_of_[pull->owner()];
  like_.emplace(row.likeness, pull);
  if (pull->active()) active_.insert(pull);
  if (pull->state() == core::PullState::kQueued) queue_.emplace(row.turn, pull);
}

void PullTable::Displace(Row& row) {
  if (!row.open) return;
  row.open = false;
  Pull* pull = row.pull.get();
  open_.erase(pull);
  active_.erase(pull);
  queue_.erase(row.turn);
  const auto of = open_of_.find(pull->owner());
  if (--of->second == 0) open_of_.erase(of);
  const auto [begin, end] = like_.equal_range(row.likeness);
  like_.erase(std::find_if(begin, end, [pull](const auto& other) { return other.second == pull; }));
}

// A name that holds no more may be given to another one; the one whose it is then is found.
void PullTable::PlaceNames(Row& row) {
  const auto& names = row.pull->names();
  const auto same = [](const auto& name, const Name& placed) { return name.first == placed.second; };
  if (std::equal(names.begin(), names.end(), row.names.begin(), row.names.end(), same)) return;
  DisplaceNames(row);
  for (const auto& [name, at] : names) {
    row.names.emplace_back(row.pull->owner(), name);
    Pull*& named = named_[row.names.back()];
    if (named == nullptr || !named->Named(name)) named = row.pull.get();
  }
}

void PullTable::DisplaceNames(Row& row) {
  for (const Name& name : row.names) {
    const auto named = named_.find(name);
    if (named != named_.end() && named->second == row.pull.get()) named_.erase(named);
  }
  row.names.clear();
}

int PullTable::OpenOf(const std::string& owner) const {
  const auto found = open_of_.find(owner);
  return found == open_of_.end() ? 0 : found->second;
}

Pull* PullTable::FindNamed(const std::string& owner, const std::string& request_id) const {
  const auto found = named_.find({owner, request_id});
  return found != named_.end() && found->second->Named(request_id) ? found->second : nullptr;
}

Pull* PullTable::FindOpen(const PullSpec& spec) const {
  const auto [begin, end] = like_.equal_range(Likeness(spec));
  const auto found = std::find_if(begin, end, [&spec](const auto& like) { return like.second->SameAs(spec); });
  return found == end ? nullptr : found->second;
}

std::pair<std::vector<Pull*>, bool> PullTable::Newest(const PullQuery& query) const {
  const Aged& from = query.active_only ? open_ : all_;
  std::vector<Pull*> chosen;
  // As many come before as came before; a page far down costs no walk to it.
  for (auto it = std::make_reverse_iterator(from.lower_bound(query.before)); it != from.rend(); ++it) {
    if (!query.filter.Keeps((*it)->state()) || !(*it)->Concerns(query.filter)) continue;
    if (query.most > 0 && chosen.size() == query.most) return {std::move(chosen), true};
    chosen.push_back(*it);
  }
  return {std::move(chosen), false};
}

int PullTable::PositionOf(const Pull& pull) const {
  return 1 + static_cast<int>(std::distance(queue_.begin(), queue_.find({pull.turn(), pull.id()})));
}

absl::flat_hash_map<const Pull*, int> PullTable::PositionsOf(const std::vector<Pull*>& pulls) const {
  absl::flat_hash_map<const Pull*, int> positions;
  for (const Pull* pull : pulls) {
    if (pull->state() == core::PullState::kQueued) positions[pull] = 0;
  }
  size_t left = positions.size();
  int position = 0;
  for (auto it = queue_.begin(); left > 0 && it != queue_.end(); ++it) {
    ++position;
    const auto found = positions.find(it->second);
    if (found == positions.end()) continue;
    found->second = position;
    --left;
  }
  return positions;
}

}  // namespace hfget::engine
