// Many events at once, on several threads, without the interpreter.
#pragma once

#include <cstdint>
#include <exception>
#include <thread>
#include <vector>

#include "machine.hpp"

namespace matcher {

struct Text {
    const uint8_t* data;
    size_t size;
};

// The answers to a run of events: the names of event i end at ends[i]; refused events have no names and a failure.
struct Answers {
    std::vector<uint32_t> owners;
    std::vector<uint64_t> ends;
    std::vector<uint64_t> refused;  // numbers of the refused events
    std::vector<Failure> failures;
    std::exception_ptr thrown;
};

inline void answer(const Machine& machine, const Text* texts, size_t first, size_t last, Answers& answers) noexcept {
    try {
        Scratch& scratch = thread_scratch();
        for (size_t i = first; i < last; ++i) {
            Failure failure = machine.match(texts[i].data, texts[i].size, false, scratch);
            if (failure) {
                answers.refused.push_back(i);
                answers.failures.push_back(failure);
            } else {
                answers.owners.insert(answers.owners.end(), scratch.owners.begin(), scratch.owners.end());
            }
            answers.ends.push_back(answers.owners.size());
        }
        scratch.trim();
    } catch (...) {
        answers.thrown = std::current_exception();
    }
}

// Each thread takes a run of events of about the same number of bytes; the answers come in the order of the events.
inline std::vector<Answers> match_batch(const Machine& machine, const std::vector<Text>& texts, unsigned threads) {
    size_t total = 0;
    for (const Text& text : texts) total += text.size + 64;
    if (threads > texts.size()) threads = unsigned(texts.size());
    if (threads == 0) threads = 1;
    std::vector<Answers> answers(threads);
    std::vector<std::thread> workers;
    size_t first = 0, done = 0;
    for (unsigned worker = 0; worker < threads; ++worker) {
        size_t last = first;
        size_t goal = total / threads * (worker + 1);
        while (last < texts.size() && (worker + 1 == threads || done < goal)) done += texts[last++].size + 64;
        if (worker + 1 < threads)
            workers.emplace_back([&machine, &texts, first, last, &answers, worker] {
                answer(machine, texts.data(), first, last, answers[worker]);
            });
        else
            answer(machine, texts.data(), first, last, answers[worker]);
        first = last;
    }
    for (std::thread& worker : workers) worker.join();
    for (Answers& one : answers)
        if (one.thrown) std::rethrow_exception(one.thrown);
    return answers;
}

// A whole machine as it is saved: its rules by owner, and the paths that their slots stand for.
inline Batch dumped(const Machine& machine) {
    Batch batch;
    std::shared_ptr<const Machine> whole = machine.compacted();
    whole->each_rule([&](uint32_t owner, const std::string& program) {
        batch.add(owner, reinterpret_cast<const uint8_t*>(program.data()), program.size());
    });
    return batch;
}

// Rules as they are kept: each one's owner and program.
struct Stored {
    std::vector<uint32_t> owners;
    std::vector<std::string> programs;
};

inline Stored stored_rules(const Machine& machine) {
    Stored stored;
    machine.each_rule([&](uint32_t owner, const std::string& program) {
        stored.owners.push_back(owner);
        stored.programs.push_back(program);
    });
    return stored;
}

inline Stored stored_rules_of(const Machine& machine, uint32_t owner) {
    Stored stored;
    machine.each_rule_of(owner, [&](const std::string& program) {
        stored.owners.push_back(owner);
        stored.programs.push_back(program);
    });
    return stored;
}

}  // namespace matcher
