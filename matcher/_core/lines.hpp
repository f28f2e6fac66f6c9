// A file of JSON lines × a machine → answers, chunk by chunk in order, on several threads that read for themselves.
#pragma once

#include <cerrno>
#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#if defined(_WIN32)
#include <io.h>
#else
#include <unistd.h>
#endif

#include "machine.hpp"

namespace matcher {

// Which lines are kept: all but blank ones, those that a rule matches (and refused ones), or only counts of them.
enum class Keep : uint8_t { all, matched, counts };

// What one chunk held: a line that starts in it belongs to it.
struct ChunkAnswers {
    uint64_t number = 0;
    uint64_t lines = 0;               // lines that start here, blank ones too
    uint64_t end = 0;                 // the byte of the file where the next chunk begins
    uint64_t bytes = 0;               // of the lines that were matched
    std::vector<uint32_t> at;         // the kept lines, counted from the chunk's first
    std::vector<uint64_t> begins;     // the bytes of the file where they begin
    std::vector<uint32_t> owners;     // their names, one line's after the other's
    std::vector<uint64_t> ends;       // kept line → where its names end
    std::vector<uint32_t> refused;    // places in `at` of refused lines
    std::vector<Failure> failures;
    std::vector<uint8_t> texts;       // the kept lines themselves, if asked for
    std::vector<uint64_t> text_ends;
    std::vector<uint64_t> counts;     // owner → matches, when only counting
    uint64_t accepted = 0, matched = 0;  // lines that were events, and those with a match
    int error = 0;                    // errno of a failed read
    std::exception_ptr thrown;
};

class LineScan {
public:
    // Reads the descriptor from the first line that begins at `start` or behind it, to `stop`. `texts`: keep the lines
    // themselves too. The descriptor stays the caller's.
    LineScan(std::shared_ptr<const Machine> rules, int descriptor, uint64_t start, uint64_t stop, unsigned threads,
             size_t names, Keep wanted, bool texts)
        : machine(std::move(rules)), file(descriptor), first(start), last(stop), owners(names), keep(wanted),
          keep_texts(texts), window(threads * 4 + 2) {
        chunk_count = last > first ? (last - first + CHUNK - 1) / CHUNK : 0;
        slots.resize(window);
        for (unsigned i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    }

    ~LineScan() {
        {
            std::lock_guard<std::mutex> guard(lock);
            stopped = true;
        }
        room.notify_all();
        for (std::thread& worker : workers) worker.join();
    }

    // The next chunk in order; null: there is no more. Waits for it.
    std::unique_ptr<ChunkAnswers> next() {
        std::unique_lock<std::mutex> guard(lock);
        if (taken == chunk_count) return nullptr;
        std::unique_ptr<ChunkAnswers>& slot = slots[taken % window];
        ready.wait(guard, [&] { return slot != nullptr; });
        std::unique_ptr<ChunkAnswers> chunk = std::move(slot);
        ++taken;
        guard.unlock();
        room.notify_all();
        if (chunk->thrown) std::rethrow_exception(chunk->thrown);
        return chunk;
    }

private:
    static constexpr uint64_t CHUNK = 1 << 20;  // stays in a second-level cache between reading and matching
    static constexpr size_t TAIL = 1 << 16;     // read at a time for the end of a chunk's last line
    static constexpr size_t LONGEST = 0xf0000000;  // of lines: a buffer's size has 32 bits

    std::shared_ptr<const Machine> machine;
    int file;
    uint64_t first, last;
    size_t owners;
    Keep keep;
    bool keep_texts;
    uint64_t window, chunk_count = 0;
    std::vector<std::thread> workers;
    std::mutex lock;
    std::condition_variable ready, room;
    std::vector<std::unique_ptr<ChunkAnswers>> slots;
    uint64_t given = 0, taken = 0;
    bool stopped = false;

    void work() {
        Pool<uint8_t> buffer;
        for (;;) {
            uint64_t number;
            {
                std::unique_lock<std::mutex> guard(lock);
                room.wait(guard, [&] { return stopped || given == chunk_count || given < taken + window; });
                if (stopped || given == chunk_count) return;
                number = given++;
            }
            auto chunk = std::make_unique<ChunkAnswers>();
            chunk->number = number;
            try {
                scan(*chunk, buffer);
            } catch (...) {
                chunk->thrown = std::current_exception();
            }
            {
                std::lock_guard<std::mutex> guard(lock);
                slots[number % window] = std::move(chunk);
            }
            ready.notify_one();
        }
    }

    void scan(ChunkAnswers& chunk, Pool<uint8_t>& buffer) {
        uint64_t start = first + chunk.number * CHUNK, stop = std::min(start + CHUNK, last);
        chunk.end = stop;
        uint64_t from = start ? start - 1 : start;  // the byte before tells whether a line starts here
        buffer.size = 0;
        if (!append(buffer, from, size_t(stop - from), chunk)) return;
        size_t edge = buffer.size;  // lines that start at or behind it are the next chunk's
        size_t begin = 0;
        if (start) {
            const uint8_t* line_end = find_line_end(buffer, 0, edge);
            if (line_end == nullptr) return;
            begin = size_t(line_end - buffer.data) + 1;
            if (begin >= edge) return;
        }
        if (!complete(chunk, buffer, stop)) return;
        match_lines(chunk, buffer, begin, edge, from);
    }

    // Read on to the end of the chunk's last line, or to where that is over the limit; false: the read failed.
    bool complete(ChunkAnswers& chunk, Pool<uint8_t>& buffer, uint64_t stop) {
        if (stop == last || buffer[buffer.size - 1] == '\n') return true;
        size_t line = buffer.size;  // where the last line begins
        while (line && buffer[line - 1] != '\n') --line;
        while (stop < last && buffer.size - line <= line_limit()) {
            size_t before = buffer.size;
            if (!append(buffer, stop, size_t(std::min<uint64_t>(TAIL, last - stop)), chunk)) return false;
            stop += buffer.size - before;
            const uint8_t* line_end = find_line_end(buffer, before, buffer.size);
            if (line_end == nullptr) continue;
            buffer.size = uint32_t(line_end - buffer.data) + 1;
            break;
        }
        return true;
    }

    size_t line_limit() const { return std::min(machine->settings.line, LONGEST); }

    static const uint8_t* find_line_end(const Pool<uint8_t>& buffer, size_t begin, size_t end) {
        return static_cast<const uint8_t*>(std::memchr(buffer.data + begin, '\n', end - begin));
    }

    // `offset`: of the buffer in the file.
    void match_lines(ChunkAnswers& chunk, Pool<uint8_t>& buffer, size_t begin, size_t edge, uint64_t offset) {
        buffer.reserve(buffer.size + PADDING);
        std::memset(buffer.data + buffer.size, 0, PADDING);
        Scratch& scratch = thread_scratch();
        if (keep == Keep::counts) chunk.counts.resize(owners);
        for (uint32_t line = 0; begin < edge; ++line) {
            uint8_t* text = buffer.data + begin;
            uint8_t* end = static_cast<uint8_t*>(std::memchr(text, '\n', buffer.size - begin));
            if (end == nullptr) end = buffer.data + buffer.size;
            *end = 0;  // the text ends in a NUL; what follows it is readable
            ++chunk.lines;
            size_t size = size_t(end - text);
            if (!is_blank(text, end)) {
                bool fits = size <= line_limit();
                Failure failure = fits ? machine->match(text, size, true, scratch)
                                       : Failure{Fault::line, machine->settings.line};
                record(chunk, failure, scratch);
                if (is_kept(failure, scratch)) {
                    chunk.at.push_back(line);
                    chunk.begins.push_back(offset + begin);
                    save(chunk, failure, scratch, text, fits ? size : 0);
                }
                if (fits) chunk.bytes += size;
            }
            begin += size + 1;
        }
        scratch.trim();
    }

    static bool is_blank(const uint8_t* text, const uint8_t* end) {
        while (text < end && is_space(*text)) ++text;
        return text == end;
    }

    bool is_kept(const Failure& failure, const Scratch& scratch) const {
        return failure || keep == Keep::all || (keep == Keep::matched && scratch.owners.size);
    }

    void record(ChunkAnswers& chunk, const Failure& failure, const Scratch& scratch) const {
        if (failure) return;
        ++chunk.accepted;
        chunk.matched += scratch.owners.size != 0;
        if (keep == Keep::counts)
            for (uint32_t i = 0; i < scratch.owners.size; ++i) ++chunk.counts[scratch.owners[i]];
    }

    void save(ChunkAnswers& chunk, const Failure& failure, const Scratch& scratch, const uint8_t* text,
              size_t size) const {
        if (failure) {
            chunk.refused.push_back(uint32_t(chunk.at.size()) - 1);
            chunk.failures.push_back(failure);
        } else {
            chunk.owners.insert(chunk.owners.end(), scratch.owners.data, scratch.owners.data + scratch.owners.size);
        }
        chunk.ends.push_back(chunk.owners.size());
        if (keep_texts) chunk.texts.insert(chunk.texts.end(), text, text + size);
        chunk.text_ends.push_back(chunk.texts.size());
    }

    // Read into the end of the buffer; false: the read failed.
    bool append(Pool<uint8_t>& buffer, uint64_t offset, size_t size, ChunkAnswers& chunk) {
        buffer.reserve(buffer.size + size + PADDING);
        while (size) {
            int64_t got = read_at(buffer.data + buffer.size, size, offset);
            if (got < 0 && errno == EINTR) continue;
            if (got <= 0) {  // 0: the file became shorter
                chunk.error = got < 0 ? errno : 0;
                return got == 0 && buffer.size != 0;
            }
            buffer.size += uint32_t(got);
            offset += uint64_t(got);
            size -= size_t(got);
        }
        return true;
    }

    int64_t read_at(uint8_t* to, size_t size, uint64_t offset) {
#if defined(_WIN32)
        std::lock_guard<std::mutex> guard(lock);
        if (_lseeki64(file, int64_t(offset), SEEK_SET) < 0) return -1;
        return _read(file, to, unsigned(size));
#else
        return pread(file, to, size, off_t(offset));
#endif
    }
};

}  // namespace matcher
