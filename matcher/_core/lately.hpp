// Runs of words or bytes, each written behind the others → one place for those that are alike.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

#include "event.hpp"
#include "platform.hpp"

namespace matcher {

// Remembers by hash where runs stand that were written lately. A run that was forgotten stays twice, which costs its
// bytes alone; so the memory is small, and no run is kept for it.
class Lately {
public:
    Lately(size_t runs, const Seed& chosen) : seed(chosen), places(std::clamp<size_t>(runs, 1, MOST), NONE) {}

    // Where the run stands that goes from `start` to the end of `all`: it leaves that place if it stands before already.
    template <class Array>
    uint32_t settle(Array& all, size_t start) {
        size_t count = all.size() - start, size = count * sizeof all[0];
        const uint8_t* run = reinterpret_cast<const uint8_t*>(&all[start]);
        uint32_t& place = places[hash_bytes(run, size, 0, seed) % places.size()];
        if (place != NONE && start - place >= count && !std::memcmp(&all[place], run, size)) {
            all.resize(start);
            return place;
        }
        return place = uint32_t(start);
    }

private:
    static constexpr size_t MOST = 4096;

    const Seed seed;
    std::vector<uint32_t> places;
};

}  // namespace matcher
