// Owns what the runtime's sources want of TVM's support headers, which its Python package leaves out: streams of bytes, and
// how values are written to them (little-endian, lengths as 64 bits).
#pragma once
#include <tvm/ffi/container/array.h>
#include <tvm/ffi/container/map.h>
#include <tvm/ffi/string.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

namespace tvm {
namespace support {

class Stream;

template <typename T, typename = void>
struct Serializer {
  static constexpr bool enabled = false;
};

class Stream {
 public:
  virtual ~Stream() = default;
  virtual size_t Read(void* bytes, size_t count) = 0;
  virtual size_t Write(const void* bytes, size_t count) = 0;

  template <typename T>
  bool Read(T* value) {
    return Serializer<T>::Read(this, value);
  }
  template <typename T>
  void Write(const T& value) {
    Serializer<T>::Write(this, value);
  }
  template <typename T>
  bool ReadArray(T* values, size_t count) {
    bool whole = true;
    for (size_t at = 0; whole && at < count; ++at) whole = Read(values + at);
    return whole;
  }
  template <typename T>
  void WriteArray(const T* values, size_t count) {
    for (size_t at = 0; at < count; ++at) Write(values[at]);
  }
};

// Numbers and the like: their own bytes.
template <typename T>
struct Serializer<T, std::enable_if_t<std::is_trivially_copyable_v<T> && !std::is_pointer_v<T>>> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, T* value) {
    void* bytes = value;
    return stream->Read(bytes, sizeof(T)) == sizeof(T);
  }
  static void Write(Stream* stream, const T& value) {
    const void* bytes = &value;
    stream->Write(bytes, sizeof(T));
  }
};

inline bool ReadLength(Stream* stream, uint64_t* length) { return stream->Read<uint64_t>(length); }
inline void WriteLength(Stream* stream, size_t length) { stream->Write<uint64_t>(static_cast<uint64_t>(length)); }

template <>
struct Serializer<std::string, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, std::string* value) {
    uint64_t length = 0;
    if (!ReadLength(stream, &length)) return false;
    value->assign(length, '\0');
    void* bytes = value->data();
    return stream->Read(bytes, length) == length;
  }
  static void Write(Stream* stream, const std::string& value) {
    WriteLength(stream, value.size());
    const void* bytes = value.data();
    stream->Write(bytes, value.size());
  }
};

template <>
struct Serializer<ffi::String, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, ffi::String* value) {
    std::string text;
    if (!stream->Read(&text)) return false;
    *value = ffi::String(std::move(text));
    return true;
  }
  static void Write(Stream* stream, const ffi::String& value) {
    stream->Write(std::string(value.data(), value.size()));
  }
};

template <typename T>
struct Serializer<std::vector<T>, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, std::vector<T>* values) {
    uint64_t length = 0;
    if (!ReadLength(stream, &length)) return false;
    values->resize(length);
    return stream->ReadArray(values->data(), length);
  }
  static void Write(Stream* stream, const std::vector<T>& values) {
    WriteLength(stream, values.size());
    stream->WriteArray(values.data(), values.size());
  }
};

template <typename T>
struct Serializer<ffi::Array<T>, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, ffi::Array<T>* values) {
    uint64_t length = 0;
    if (!ReadLength(stream, &length)) return false;
    std::vector<T> read;
    for (uint64_t at = 0; at < length; ++at) {
      T value{};
      if (!stream->Read(&value)) return false;
      read.push_back(std::move(value));
    }
    *values = ffi::Array<T>(read.begin(), read.end());
    return true;
  }
  static void Write(Stream* stream, const ffi::Array<T>& values) {
    WriteLength(stream, values.size());
    for (size_t at = 0; at < values.size(); ++at) stream->Write<T>(T(values[at]));
  }
};

template <typename K, typename V>
struct Serializer<std::unordered_map<K, V>, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, std::unordered_map<K, V>* map) {
    uint64_t length = 0;
    if (!ReadLength(stream, &length)) return false;
    map->clear();
    for (uint64_t at = 0; at < length; ++at) {
      K key;
      V value;
      if (!stream->Read(&key) || !stream->Read(&value)) return false;
      map->emplace(std::move(key), std::move(value));
    }
    return true;
  }
  static void Write(Stream* stream, const std::unordered_map<K, V>& map) {
    WriteLength(stream, map.size());
    for (const auto& [key, value] : map) {
      stream->Write(key);
      stream->Write(value);
    }
  }
};

template <typename K, typename V>
struct Serializer<ffi::Map<K, V>, void> {
  static constexpr bool enabled = true;
  static bool Read(Stream* stream, ffi::Map<K, V>* map) {
    uint64_t length = 0;
    if (!ReadLength(stream, &length)) return false;
    for (uint64_t at = 0; at < length; ++at) {
      K key;
      V value(nullptr);
      if (!stream->Read(&key) || !stream->Read(&value)) return false;
      map->Set(key, value);
    }
    return true;
  }
  static void Write(Stream* stream, const ffi::Map<K, V>& map) {
    WriteLength(stream, map.size());
    for (const auto& entry : map) {
      K key = entry.first;
      V value = entry.second;
      stream->Write(key);
      stream->Write(value);
    }
  }
};

// One direction each; the other one is a defect of the caller.
class BytesInStream : public Stream {
 public:
  explicit BytesInStream(const std::string& bytes) : from_(bytes.data()), left_(bytes.size()) {}
  explicit BytesInStream(const ffi::Bytes& bytes) : from_(bytes.data()), left_(bytes.size()) {}
  using Stream::Read;
  using Stream::Write;
  size_t Read(void* bytes, size_t count) override {
    const size_t taken = count < left_ ? count : left_;
    if (taken > 0) std::memcpy(bytes, from_, taken);
    from_ += taken;
    left_ -= taken;
    return taken;
  }
  size_t Write(const void*, size_t) override { __builtin_trap(); }

 private:
  const char* from_;
  size_t left_;
};

class BytesOutStream : public Stream {
 public:
  explicit BytesOutStream(std::string* to) : to_(to) {}
  using Stream::Read;
  using Stream::Write;
  size_t Read(void*, size_t) override { __builtin_trap(); }
  size_t Write(const void* bytes, size_t count) override {
    to_->append(static_cast<const char*>(bytes), count);
    return count;
  }

 private:
  std::string* to_;
};

// Named by code that a model library never reaches.
class NoStream : public Stream {
 public:
  using Stream::Read;
  using Stream::Write;
  size_t Read(void*, size_t) override { __builtin_trap(); }
  size_t Write(const void*, size_t) override { __builtin_trap(); }
};
class Base64InStream : public NoStream {
 public:
  explicit Base64InStream(Stream*) {}
  void InitPosition() {}
};
class Base64OutStream : public NoStream {
 public:
  explicit Base64OutStream(Stream*) {}
  void Finish() {}
};
struct NVTXScopedRange {
  template <typename... A>
  explicit NVTXScopedRange(A&&...) {}
};

}  // namespace support
}  // namespace tvm
