// Feed the core texts and rules: the input is an event, a byte 0xff (which no UTF-8 text has), and choices of rules.
//
// Nothing may crash; every instruction set, reading mode and index must tell the same; FaultFinder must refuse what the
// walk refuses; and a rule must match alone as it does among others.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "machine.hpp"
#include "rules.hpp"

using namespace matcher;

namespace {

constexpr uint64_t STEPS = 20000;  // a hostile event shall not stop the fuzzer; what runs out of them is not compared
constexpr uint32_t DEPTH = 40;
constexpr size_t RULES = 12;

#define CHECK(truth, what)                              \
    do {                                                \
        if (!(truth)) {                                 \
            std::fprintf(stderr, "differs: %s\n", what); \
            std::abort();                               \
        }                                               \
    } while (0)

using Frozen = std::shared_ptr<const Machine>;

Frozen empty_machine(uint64_t seed) {
    auto machine = std::make_shared<Machine>(Seed{seed, seed * 31 + 7});
    machine->settings.text.depth = DEPTH;
    machine->settings.text.name = 300;
    machine->settings.text.digits = 40;
    machine->settings.steps = STEPS;
    machine->settings.scan = scan_function(choose_simd(""));
    return machine;
}

Frozen with_rules(const Frozen& machine, const std::vector<std::string>& rules, size_t first, size_t last) {
    Machine::Intake intake(*machine);
    Batch batch;
    for (size_t owner = first; owner < last; ++owner) {
        const std::string& rule = rules[owner];
        std::string slotted = intake.slotted(reinterpret_cast<const uint8_t*>(rule.data()), rule.size());
        batch.add(uint32_t(owner), reinterpret_cast<const uint8_t*>(slotted.data()), slotted.size());
    }
    return machine->with(std::move(batch), intake.fresh);
}

// A text of exactly its size and PADDING, so that a read beyond is seen; behind the NUL stands what looks like JSON.
class Padded {
public:
    Padded(const uint8_t* data, size_t size) : bytes(size + PADDING), size(size) {
        std::memcpy(bytes.data(), data, size);
        for (size_t i = 1; i < PADDING; ++i) bytes[size + i] = uint8_t("}\"]\\1,0\xff"[i % 8]);
    }
    const uint8_t* data() const { return bytes.data(); }

private:
    std::vector<uint8_t> bytes;

public:
    const size_t size;
};

struct Reading {
    bool good;
    Scratch scratch;
};

std::unique_ptr<Reading> read(const Machine& machine, Simd level, bool strict, const Padded& text) {
    auto reading = std::make_unique<Reading>();
    Event& event = reading->scratch.event;
    event.start(uint32_t(machine.paths->texts.size()), DEPTH);
    reading->good = scan_function(level)(text.data(), text.size, *machine.paths, machine.settings.text, strict, event);
    return reading;
}

bool same_fields(const Event& left, const Event& right) {
    if (left.fields.size != right.fields.size || left.elems.size != right.elems.size) return false;
    for (uint32_t i = 0; i < left.elems.size; ++i) {
        const Elem &a = left.elems[i], &b = right.elems[i];
        if (a.parent != b.parent || a.array != b.array || a.depth != b.depth || a.end != b.end) return false;
    }
    for (uint32_t i = 0; i < left.fields.size; ++i) {
        const Field &a = left.fields[i], &b = right.fields[i];
        if (a.slot != b.slot || a.kind != b.kind || a.elem != b.elem || a.size != b.size || a.next != b.next) return false;
        if (std::memcmp(a.text, b.text, a.size)) return false;
    }
    return true;
}

void check_readings(const Machine& machine, const Padded& text) {
    bool sound = !FaultFinder(text.data(), text.size, machine.settings.text).find();
    auto strict = read(machine, Simd::scalar, true, text);
    auto trusting = read(machine, Simd::scalar, false, text);
    CHECK(strict->good == sound, "FaultFinder and the walk, in what is JSON");
    CHECK(!sound || trusting->good, "structural reading refuses what strict reading takes");
    CHECK(!sound || same_fields(strict->scratch.event, trusting->scratch.event), "structural and strict reading");
    for (Simd level : {Simd::baseline, Simd::avx2, Simd::avx512}) {
        if (level > choose_simd("")) continue;
        auto other = read(machine, level, true, text);
        CHECK(other->good == strict->good, "instruction sets, in what is JSON");
        CHECK(!sound || same_fields(other->scratch.event, strict->scratch.event), "instruction sets");
        auto loose = read(machine, level, false, text);
        CHECK(loose->good == trusting->good, "instruction sets, in what is taken on trust");
        CHECK(!loose->good || same_fields(loose->scratch.event, trusting->scratch.event), "instruction sets, on trust");
    }
}

// The names that match; false: the search in arrays was given up.
bool answer(const Machine& machine, const Padded& text, std::vector<uint32_t>& owners) {
    Scratch& scratch = thread_scratch();
    Failure failure = machine.match(text.data(), text.size, true, scratch);
    if (failure.fault == Fault::steps) return false;
    CHECK(!failure, "an event is refused that was taken before");
    owners.assign(scratch.owners.begin(), scratch.owners.end());
    return true;
}

void check_answer(const Machine& machine, const Padded& text, const std::vector<uint32_t>& wanted, const char* what) {
    std::vector<uint32_t> found;
    if (answer(machine, text, found)) CHECK(found == wanted, what);
}

void check_matches(const Frozen& all, const std::vector<std::string>& rules, const Padded& text) {
    std::vector<uint32_t> wanted, kept, found;
    uint64_t gone = text.size;  // some of the rules are taken away later
    std::vector<uint32_t> removed;
    for (uint32_t owner = 0; owner < rules.size(); ++owner) {
        Frozen alone = with_rules(empty_machine(3), rules, owner, owner + 1);
        if (!answer(*alone, text, found)) return;
        bool stays = (gone >> (owner & 7) & 1) == 0;
        if (!stays) removed.push_back(owner);
        if (found.empty()) continue;
        wanted.push_back(owner);
        if (stays) kept.push_back(owner);
    }
    check_answer(*all, text, wanted, "a rule alone and among others");
    Frozen grown = empty_machine(2);
    for (size_t owner = 0; owner < rules.size(); ++owner) grown = with_rules(grown, rules, owner, owner + 1);
    check_answer(*grown, text, wanted, "rules at once and one by one");
    check_answer(*grown->compacted(), text, wanted, "rules one by one and compacted");
    check_answer(*grown->without(removed), text, kept, "without some rules, of several parts");
    check_answer(*all->without(removed), text, kept, "without some rules");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    const void* mark = size ? std::memchr(data, 0xff, size) : nullptr;
    size_t event_size = mark ? size_t(static_cast<const uint8_t*>(mark) - data) : size;
    Padded text(data, event_size);
    fuzzed::Choices choices(data + event_size + (mark != nullptr), size - event_size - (mark != nullptr));
    std::vector<std::string> rules;
    do rules.push_back(fuzzed::Maker(choices).rule());
    while (!choices.done() && rules.size() < RULES);
    Frozen all = with_rules(empty_machine(1), rules, 0, rules.size());
    check_readings(*all, text);
    if (!FaultFinder(text.data(), text.size, all->settings.text).find()) check_matches(all, rules, text);
    return 0;
}
