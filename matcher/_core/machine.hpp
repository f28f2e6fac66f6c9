// All the rules of a set, frozen: paths, and parts that are each an index. Changing makes another Machine that shares
// what did not change, so readers hold a whole one for as long as they like.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#if defined(__GLIBC__)
#include <malloc.h>
#endif

#include "build.hpp"
#include "paths.hpp"
#include "program.hpp"
#include "run.hpp"
#include "scan.hpp"
#include "segment.hpp"

namespace matcher {

struct Settings {
    TextLimits text;
    uint64_t steps = 1000000;      // of reconciling array elements, for a rule and an event
    size_t line = 16 << 20;        // bytes of a line in a file
    bool strict = true;
    ScanFunction scan = nullptr;
};

struct Part {
    std::shared_ptr<const Segment> segment;
    std::shared_ptr<const std::vector<uint64_t>> dead;  // a bit an entry; null: none is dead
    uint32_t dead_count = 0;

    bool is_dead(uint32_t entry) const { return dead && ((*dead)[entry >> 6] >> (entry & 63)) & 1; }
    uint32_t live() const { return segment->size() - dead_count; }
};

// What a build took and freed lies between what it made, and glibc gives only the end of its heap back by itself.
inline void give_back_memory() {
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
}

class Machine {
public:
    Settings settings;
    Seed seed;
    std::shared_ptr<const Paths> paths;
    std::vector<Part> parts;  // from large to small

    explicit Machine(const Seed& chosen) : seed(chosen), paths(std::make_shared<Paths>(chosen)) {}

    // ---- matching ----

    // The matching names' numbers are left in scratch.owners, in order, each once. `padded`: PADDING bytes follow the
    // text and a NUL is the first of them.
    Failure match(const uint8_t* text, size_t size, bool padded, Scratch& scratch) const {
        Failure failure = read(text, size, padded, scratch);
        scratch.owners.size = 0;
        if (failure) return failure;
        scratch.ranks = paths->ranks.data();
        scratch.step_limit = settings.steps;
        scratch.exhausted = false;
        for (const Part& part : parts) Run(*part.segment, part.dead ? part.dead->data() : nullptr, scratch).run();
        if (scratch.exhausted) {
            scratch.owners.size = 0;
            return Failure{Fault::steps, 0};
        }
        sort_owners(scratch.owners);
        return Failure{};
    }

    Failure read(const uint8_t* text, size_t size, bool padded, Scratch& scratch) const {
        if (size > 0xffff0000u) return Failure{Fault::size, 0};
        Event& event = scratch.event;
        event.start(uint32_t(paths->texts.size()), settings.text.depth);
        const uint8_t* start = padded ? text : event.pad(text, size);
        scratch.counters.bytes += size;
        bool good = settings.scan(start, size, *paths, settings.text, settings.strict, event);
        scratch.counters.fields += event.fields.size;
        if (MATCHER_LIKELY(good)) return Failure{};
        Failure failure = FaultFinder(start, size, settings.text).find();
        return failure ? failure : Failure{Fault::value, 0};  // they agree; a text one of them refuses never passes
    }

    // ---- changing ----

    // Translate a rule's paths to slots; paths that are new here are numbered behind the known ones.
    class Intake {
    public:
        explicit Intake(const Machine& machine) : known(*machine.paths) {}
        std::vector<std::string> fresh;

        std::string slotted(const uint8_t* program, size_t size) {
            std::string out;
            out.reserve(size);
            for (const uint8_t *p = program, *end = program + size; p < end;) {
                out += char(*p);
                if (*p++ != TERM) {
                    put_varint(out, read_varint(p));
                    continue;
                }
                put_varint(out, slot(read_bytes(p)));
                uint64_t count = read_varint(p);
                put_varint(out, count);
                const uint8_t* first = p;
                while (count--) skip_alternative(p);
                out.append(reinterpret_cast<const char*>(first), size_t(p - first));
            }
            return out;
        }

    private:
        const Paths& known;
        std::unordered_map<std::string, uint32_t> added;

        uint32_t slot(const Bytes& path) {
            std::string text = path.string();
            auto found = known.index.find(text);
            if (found != known.index.end()) return found->second;
            auto [place, is_new] = added.try_emplace(text, uint32_t(known.texts.size() + fresh.size()));
            if (is_new) fresh.push_back(text);
            if (place->second >= 1u << (32 - OP_BITS)) throw std::length_error("too many paths in one rule set");
            return place->second;
        }
    };

    // This machine and a batch of rules, whose owners are in ascending order.
    std::shared_ptr<const Machine> with(Batch batch, const std::vector<std::string>& fresh) const {
        auto next = std::make_shared<Machine>(*this);
        if (!fresh.empty()) next->paths = paths->extended(fresh);
        while (!next->parts.empty() && next->parts.back().live() / MERGE_RATIO <= batch.owners.size()) {
            batch = merged(next->parts.back(), batch);
            next->parts.pop_back();
        }
        next->append(std::move(batch));
        return next;
    }

    // This machine without the rules of these owners.
    std::shared_ptr<const Machine> without(const std::vector<uint32_t>& owners) const {
        auto next = std::make_shared<Machine>(*this);
        for (Part& part : next->parts) part = buried(part, owners);
        std::vector<Part> kept;
        for (Part& part : next->parts) {
            if (part.live() == 0) continue;
            if (part.dead_count * 2 > part.segment->size()) {
                Batch batch = merged(part, Batch{});
                part = Part{build_segment(seed, std::move(batch)), nullptr, 0};
            }
            kept.push_back(part);
        }
        next->parts.swap(kept);
        return next;
    }

    // The same rules under other owners, in one index; `owners` maps old to new ones and keeps their order.
    std::shared_ptr<const Machine> renumbered(const std::vector<uint32_t>& owners) const {
        auto next = std::make_shared<Machine>(*this);
        Batch batch;
        for (size_t i = parts.size(); i-- > 0;) batch = merged(parts[i], batch);
        for (uint32_t& owner : batch.owners) owner = owners[owner];
        next->parts.clear();
        next->append(std::move(batch));
        return next;
    }

    // All rules in one index.
    std::shared_ptr<const Machine> compacted() const {
        auto next = std::make_shared<Machine>(*this);
        if (parts.size() < 2 && (parts.empty() || parts[0].dead_count == 0)) return next;
        Batch batch;
        for (size_t i = parts.size(); i-- > 0;) batch = merged(parts[i], batch);
        next->parts.clear();
        next->append(std::move(batch));
        return next;
    }

    // ---- telling ----

    template <class Visit>
    void each_rule(Visit visit) const {
        for (const Part& part : parts) {
            Recall programs = part.segment->programs(0);
            for (uint32_t entry = 0; entry < part.segment->size(); ++entry) {
                const std::string& program = programs.next();
                if (!part.is_dead(entry)) visit(part.segment->owners[entry], program);
            }
        }
    }

    template <class Visit>
    void each_rule_of(uint32_t owner, Visit visit) const {
        for (const Part& part : parts) {
            const std::vector<uint32_t>& owners = part.segment->owners;
            auto first = std::lower_bound(owners.begin(), owners.end(), owner);
            if (first == owners.end() || *first != owner) continue;
            uint32_t entry = uint32_t(first - owners.begin());
            Recall programs = part.segment->programs(entry);
            for (; entry < owners.size() && owners[entry] == owner; ++entry) {
                const std::string& program = programs.next();
                if (!part.is_dead(entry)) visit(program);
            }
        }
    }

    size_t rules() const {
        size_t count = 0;
        for (const Part& part : parts) count += part.live();
        return count;
    }

    size_t memory() const {
        size_t bytes = paths->memory();
        for (const Part& part : parts) bytes += part.segment->memory() + (part.dead ? part.dead->size() * 8 : 0);
        return bytes;
    }

private:
    static constexpr size_t MERGE_RATIO = 4;  // a part this many times the size of what comes is left alone
    static constexpr size_t LARGE = 4096;     // rules whose building leaves much free memory

    void append(Batch batch) {
        size_t size = batch.owners.size();
        if (size == 0) return;
        parts.push_back(Part{build_segment(seed, std::move(batch)), nullptr, 0});
        if (size >= LARGE) give_back_memory();
    }

    // The part's live rules and the batch's, by owner; of one owner the part's first.
    static Batch merged(const Part& part, const Batch& batch) {
        Batch out;
        const Segment& segment = *part.segment;
        Recall programs = segment.programs(0);
        uint32_t right = 0;
        auto add_before = [&](uint32_t owner) {
            for (; right < batch.size() && batch.owners[right] < owner; ++right)
                out.add(batch.owners[right], batch.program(right), batch.program_size(right));
        };
        for (uint32_t left = 0; left < segment.size(); ++left) {
            const std::string& program = programs.next();
            if (part.is_dead(left)) continue;
            add_before(segment.owners[left]);
            out.add(segment.owners[left], reinterpret_cast<const uint8_t*>(program.data()), program.size());
        }
        add_before(NONE);
        return out;
    }

    static Part buried(const Part& part, const std::vector<uint32_t>& owners) {
        std::shared_ptr<std::vector<uint64_t>> dead;
        uint32_t count = part.dead_count;
        const std::vector<uint32_t>& all = part.segment->owners;
        for (uint32_t owner : owners) {
            auto first = std::lower_bound(all.begin(), all.end(), owner);
            for (; first != all.end() && *first == owner; ++first) {
                uint32_t entry = uint32_t(first - all.begin());
                if (part.is_dead(entry)) continue;
                if (!dead) dead = part.dead ? std::make_shared<std::vector<uint64_t>>(*part.dead)
                                            : std::make_shared<std::vector<uint64_t>>(all.size() / 64 + 1);
                (*dead)[entry >> 6] |= uint64_t(1) << (entry & 63);
                ++count;
            }
        }
        return dead ? Part{part.segment, dead, count} : part;
    }

    static void sort_owners(Pool<uint32_t>& owners) {
        if (owners.size < 2) return;
        std::sort(owners.begin(), owners.end());
        owners.size = uint32_t(std::unique(owners.begin(), owners.end()) - owners.begin());
    }
};

}  // namespace matcher
