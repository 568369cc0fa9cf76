/* A plugin for QEMU's user mode that counts the instructions of the guest, by kernel: each function
 * belongs to the first of the given words that its (mangled) name contains, or to the rest. Whenever
 * the guest makes the system call MARK, which does not exist, it prints what was counted since the
 * last one.
 *
 *   qemu-x86_64 -plugin ./libcount.so,product=on,depthwise=on -d plugin PROGRAM
 *
 * What it uses of QEMU's plugin interface, version 1, is declared here: Debian's packages have no
 * header for it. */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
typedef struct qemu_info_t qemu_info_t;
enum { QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb* tb);
struct qemu_plugin_insn* qemu_plugin_tb_get_insn(const struct qemu_plugin_tb* tb, size_t index);
const char* qemu_plugin_insn_symbol(const struct qemu_plugin_insn* insn);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn* insn, int operation,
                                                void* counter, uint64_t value);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*callback)(qemu_plugin_id_t,
                                                            struct qemu_plugin_tb*));
void qemu_plugin_register_vcpu_syscall_cb(
    qemu_plugin_id_t id,
    void (*callback)(qemu_plugin_id_t, unsigned int, int64_t, uint64_t, uint64_t, uint64_t,
                     uint64_t, uint64_t, uint64_t, uint64_t, uint64_t));
void qemu_plugin_outs(const char* text);

__attribute__((visibility("default"))) int qemu_plugin_version = 1;

enum { MARK = 99999, MOST = 16 };
static char words[MOST][32];
static int word_count;
static uint64_t counts[MOST + 1];

static void translated(qemu_plugin_id_t id, struct qemu_plugin_tb* block) {
  (void)id;
  for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); ++i) {
    struct qemu_plugin_insn* instruction = qemu_plugin_tb_get_insn(block, i);
    const char* symbol = qemu_plugin_insn_symbol(instruction);
    int word = 0;
    while (word < word_count && (symbol == NULL || strstr(symbol, words[word]) == NULL)) ++word;
    qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                               &counts[word], 1);
  }
}

static void called(qemu_plugin_id_t id, unsigned int cpu, int64_t number, uint64_t a1, uint64_t a2,
                   uint64_t a3, uint64_t a4, uint64_t a5, uint64_t a6, uint64_t a7, uint64_t a8) {
  (void)id, (void)cpu, (void)a1, (void)a2, (void)a3, (void)a4, (void)a5, (void)a6, (void)a7;
  (void)a8;
  if (number != MARK) return;
  char line[MOST * 24] = "";
  for (int i = 0; i <= word_count; ++i)
    snprintf(line + strlen(line), sizeof line - strlen(line), "%" PRIu64 "%c", counts[i],
             i < word_count ? ' ' : '\n');
  qemu_plugin_outs(line);
  memset(counts, 0, sizeof counts);
}

__attribute__((visibility("default"))) int qemu_plugin_install(qemu_plugin_id_t id,
                                                               const qemu_info_t* info, int argc,
                                                               char** argv) {
  (void)info;
  for (word_count = 0; word_count < argc && word_count < MOST; ++word_count)
    snprintf(words[word_count], sizeof words[0], "%.*s", (int)strcspn(argv[word_count], "="),
             argv[word_count]);
  qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
  qemu_plugin_register_vcpu_syscall_cb(id, called);
  return 0;
}
