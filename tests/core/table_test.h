/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TABLE_TEST_H
#define TABLE_TEST_H
void test_table_memory(void **unused);
void test_table_no_memory(void **unused);
void test_table_guessed(void **unused);
void test_table_oracle(void **unused);
void test_share_oracle(void **unused);
void test_share_memory(void **unused);
void test_share_no_memory(void **unused);
void test_patch_oracle(void **unused);
void test_pack(void **unused);
#endif
