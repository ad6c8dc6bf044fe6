#!/usr/bin/env python3
"""Writes the malformed files of this folder and manifest.tsv, which says what error each must give.

Run it here after adding a case; it needs Python alone. Files are committed, so tests need no Python.
A row of the manifest: file, kind (the ending of its name, dataset, or vectors), part of the expected message.
kind toml: the description is parsed; kind dataset: the data set is loaded as well.
"""
import io
import json
import pathlib
import struct
import zipfile
import zlib

HERE = pathlib.Path(__file__).resolve().parent
cases = []


def case(name, content, expected):
    kind = name.split("_")[0]
    extension = {"dataset": "toml", "vectors": "txt"}.get(kind, kind)
    file = f"{name}.{extension}"
    (HERE / file).write_bytes(content if isinstance(content, bytes) else content.encode())
    cases.append((file, kind, expected))


# ---- .npy

def npy(header, data=b"", version=(1, 0), length=None):
    text = header if isinstance(header, bytes) else header.encode("latin-1")
    if not text.endswith(b"\n") and length is None:
        text += b" " * (-(len(text) + 11) % 64) + b"\n"
    size = len(text) if length is None else length
    return (b"\x93NUMPY" + bytes(version) + struct.pack("<H" if version[0] == 1 else "<I", size)
            + text + data)


def npy_dict(descr="'<f4'", order="False", shape="(2,)"):
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


case("npy_empty_file", b"", "the file has 0 bytes; expected a .npy file")
case("npy_wrong_magic", b"\x89PNG\r\n\x1a\n" + bytes(20), "expected the magic bytes")
case("npy_version_4", npy(npy_dict(), bytes(8), (4, 0)), "format version 4.0, expected 1.0, 2.0 or 3.0")
case("npy_version_1_1", npy(npy_dict(), bytes(8), (1, 1)), "format version 1.1")
case("npy_cut_in_length", b"\x93NUMPY\x02\x00\x40\x00", "ends inside the length of its header")
case("npy_header_beyond_file", npy(b"{", length=500), "the header has 500 bytes, but only 1 follow")
case("npy_header_too_long", npy(b"{", length=20000), "expected at most 10000")
case("npy_header_4_gib", npy(b"{", version=(2, 0), length=0xFFFFFFFF), "expected at most 10000")
case("npy_header_without_line_end", npy(npy_dict().encode(), length=len(npy_dict())),
     "does not end with a line end")
case("npy_pickle", npy(npy_dict("'|O'"), b"\x80\x04\x95"), "Python objects (a pickle), which are never read")
case("npy_structure", npy(npy_dict("[('x', '<f4'), ('y', '<i4')]"), bytes(16)), "the array holds structures")
case("npy_string_type", npy(npy_dict("'<U5'"), bytes(40)), "type is not one that is read")
case("npy_complex", npy(npy_dict("'<c8'"), bytes(16)), "type is not one that is read")
case("npy_f4_without_order", npy(npy_dict("'|f4'"), bytes(8)), "type is not one that is read")
case("npy_empty_type", npy(npy_dict("''"), bytes(8)), "type is not one that is read")
case("npy_negative_size", npy(npy_dict(shape="(-1,)"), bytes(8)), "decimal digits, no sign")
case("npy_size_2_to_63", npy(npy_dict(shape="(9223372036854775808,)"), bytes(8)), "above 2^48")
case("npy_product_overflows", npy(npy_dict(shape="(281474976710656, 281474976710656)"), bytes(8)),
     "more than 2^48 elements")
case("npy_overflow_beside_zero", npy(npy_dict(shape="(0, 281474976710656, 281474976710656)")),
     "more than 2^48 elements")
case("npy_terabytes", npy(npy_dict(shape="(1000000, 1000000)"), bytes(8)),
     "needs 4000000000000 bytes of data, but the file has 8")
case("npy_data_too_short", npy(npy_dict(), bytes(7)), "needs 8 bytes of data, but the file has 7")
case("npy_data_too_long", npy(npy_dict(), bytes(9)), "needs 8 bytes of data, but the file has 9")
case("npy_nine_dimensions", npy(npy_dict(shape="(1, 1, 1, 1, 1, 1, 1, 1, 1)"), bytes(4)),
     "9 dimensions, expected at most 8")
case("npy_key_twice", npy("{'descr': '<f4', 'descr': '<f8', 'fortran_order': False, 'shape': (1,), }",
                          bytes(4)), "'descr' twice")
case("npy_key_missing", npy("{'descr': '<f4', 'shape': (2,), }", bytes(8)), "has no 'fortran_order'")
case("npy_key_unknown", npy("{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'x': 1, }", bytes(8)),
     "has a key \"x\"")
case("npy_order_is_1", npy(npy_dict(order="1"), bytes(8)), "expected True or False")
case("npy_shape_is_list", npy(npy_dict(shape="[2]"), bytes(8)), "expected '(' of the shape")
case("npy_shape_is_number", npy(npy_dict(shape="(2)"), bytes(8)), "expected ',' after the only size")
case("npy_expression", npy(npy_dict(shape="(__import__('os').getpid(),)"), bytes(8)),
     "expected a size of the shape")
case("npy_text_after_header", npy(npy_dict() + " #", bytes(8)), "the header goes on after '}'")
case("npy_escape_in_text", npy(npy_dict("'\\x3cf4'"), bytes(8)), "expected a plain string")
case("npy_header_cut", npy("{'descr': '<f4', \n"), "the header ends here")
case("npy_version_3_not_utf8", npy(b"{'descr': '<f4', '\xff': 1}\n", bytes(8), (3, 0)), "not UTF-8")
case("npy_boolean_2", npy(npy_dict("'|b1'"), b"\x01\x02"), "a boolean is 2; expected 0 or 1")
case("npy_u8_above_i64", npy(npy_dict("'<u8'", shape="(1,)"), b"\xff" * 8),
     "does not fit in a signed 64-bit integer")

# ---- .tsv

case("tsv_empty_file", "", "the file is empty; expected a line with the column names")
case("tsv_too_few_fields", "a\tb\n1\t2\n3\n", "line 3: 1 field, expected 2 as in the header line")
case("tsv_too_many_fields", "a\tb\n1\t2\t3\n", "line 2: 3 fields, expected 2")
case("tsv_blank_line", "a\tb\n1\t2\n\n3\t4\n", "line 3: 1 field, expected 2")
case("tsv_column_twice", "a\tb\ta\n1\t2\t3\n", "two columns are named \"a\"")
case("tsv_column_without_name", "a\t\tc\n1\t2\t3\n", "line 1: column 2 has no name")
case("tsv_nul", b"a\tb\n1\x00\t2\n", "line 2 (byte 5): a NUL byte")
case("tsv_not_utf8", b"a\tb\n1\t\xe9\n", "line 2 (byte 6): expected UTF-8")
case("tsv_utf8_cut", b"a\n\xe2\x82", "line 2 (byte 2): expected UTF-8")
case("tsv_utf8_overlong", b"a\n\xc0\xaf\n", "line 2 (byte 2): expected UTF-8")
case("tsv_utf8_surrogate", b"a\n\xed\xa0\x80\n", "line 2 (byte 2): expected UTF-8")
case("tsv_utf16", "a\tb\n1\t2\n".encode("utf-16"), "expected UTF-8")
case("tsv_lone_carriage_return", "a\tb\n1\t2\r3\t4\n", "a carriage return that ends no line")

# ---- safetensors


def safetensors(header, data=b"", length=None):
    if isinstance(header, dict):
        header = json.dumps(header, separators=(",", ":"))
    text = header if isinstance(header, bytes) else header.encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + data


def entry(dtype="F32", shape=(2,), begin=0, end=8):
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def one(**fields):
    return json.dumps({"a": entry(**fields)})


case("safetensors_7_bytes", bytes(7), "the file has 7 bytes; expected a safetensors file")
case("safetensors_header_beyond_file", safetensors("{}", length=100), "the header has 100 bytes, but only 2 follow")
case("safetensors_header_too_large", safetensors("{}", length=100_000_001), "expected at most 100000000")
case("safetensors_header_2_to_63", safetensors("{}", length=1 << 63), "expected at most 100000000")
case("safetensors_header_all_ones", safetensors("{}", length=(1 << 64) - 1), "expected at most 100000000")
case("safetensors_header_empty", safetensors(""), "expected '{'")
case("safetensors_header_is_list", safetensors("[]"), "expected '{'")
case("safetensors_header_with_mark", safetensors(b"\xef\xbb\xbf{}"), "expected '{'")
case("safetensors_not_json", safetensors('{"a":}'), "the header is not JSON")
case("safetensors_json_goes_on", safetensors("{} {}"), "the header is not JSON")
case("safetensors_json_cut", safetensors('{"a":{"dtype":"F32"'), "the header is not JSON")
case("safetensors_not_utf8", safetensors(b'{"\xff":1}'), "the header is not JSON")
case("safetensors_deep", safetensors('{"a":' + "[" * 60 + "]" * 60 + "}"), "expected an object for each tensor")
case("safetensors_nul_in_header", safetensors(b"{}\x00{"), "the header has a NUL")
case("safetensors_name_twice", safetensors('{"a":%s,"a":%s}' % (json.dumps(entry()), json.dumps(entry())), bytes(8)),
     "the tensor \"a\" twice")
case("safetensors_metadata_twice", safetensors('{"__metadata__":{},"__metadata__":{}}'), "\"__metadata__\" is there twice")
case("safetensors_metadata_key_twice", safetensors('{"__metadata__":{"k":"1","k":"2"}}'), "__metadata__ has \"k\" twice")
case("safetensors_metadata_number", safetensors('{"__metadata__":{"k":1}}'), "expected a string for each key")
case("safetensors_metadata_text", safetensors('{"__metadata__":"x"}'), "expected an object of strings")
case("safetensors_key_twice", safetensors('{"a":{"dtype":"F32","dtype":"F64","shape":[2],"data_offsets":[0,8]}}', bytes(8)),
     "has \"dtype\" twice")
case("safetensors_key_unknown", safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[]}}', bytes(8)),
     "has a key \"x\"")
case("safetensors_key_missing", safetensors('{"a":{"dtype":"F32","shape":[2]}}', bytes(8)), "needs dtype, shape and data_offsets")
case("safetensors_one_offset", safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0]}}', bytes(8)),
     "1 numbers, expected 2")
case("safetensors_three_offsets", safetensors('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,8]}}', bytes(8)),
     "more than 2 numbers")
case("safetensors_size_negative", safetensors(one(shape=(-2,)), bytes(8)), "a negative number")
case("safetensors_size_minus_zero", safetensors('{"a":{"dtype":"F32","shape":[-0],"data_offsets":[0,0]}}'), "a negative number")
case("safetensors_size_float", safetensors('{"a":{"dtype":"F32","shape":[2.0],"data_offsets":[0,8]}}', bytes(8)), "not plain digits")
case("safetensors_size_exponent", safetensors('{"a":{"dtype":"F32","shape":[1e3],"data_offsets":[0,8]}}', bytes(8)), "not plain digits")
case("safetensors_size_above_u64", safetensors('{"a":{"dtype":"F32","shape":[18446744073709551616],"data_offsets":[0,8]}}', bytes(8)),
     "above 2^64")
case("safetensors_product_overflows", safetensors(one(shape=(1 << 32, 1 << 32, 4)), bytes(8)), "more than 2^48 elements")
case("safetensors_33_dimensions", safetensors(one(shape=(1,) * 33, end=4), bytes(4)), "more than 32 dimensions")
case("safetensors_type_unknown", safetensors(one(dtype="F33"), bytes(8)), "has the type \"F33\"")
case("safetensors_half_a_byte", safetensors(one(dtype="F4", shape=(3,), end=1), bytes(1)), "do not fill whole bytes")
case("safetensors_end_before_begin", safetensors(one(begin=8, end=0), bytes(8)), "lies at bytes 8 to 0")
case("safetensors_end_beyond_file", safetensors(one(end=16, shape=(4,)), bytes(8)), "lies at bytes 0 to 16 of the data, which has 8")
case("safetensors_end_2_to_64", safetensors(one(end=(1 << 64) - 1), bytes(8)), "of the data, which has 8")
case("safetensors_wrong_bytes", safetensors(one(shape=(3,)), bytes(8)), "has 8 bytes, but its type and shape need 12")
case("safetensors_hole", safetensors({"a": entry(), "b": entry(begin=12, end=20)}, bytes(20)), "leaves a hole before it")
case("safetensors_hole_at_start", safetensors(one(begin=4, end=12), bytes(12)), "leaves a hole before it")
case("safetensors_overlap", safetensors({"a": entry(), "b": entry(begin=4, end=12)}, bytes(12)), "overlaps the one before it")
case("safetensors_shared", safetensors({"a": entry(), "b": entry()}, bytes(8)), "overlaps the one before it")
case("safetensors_trailing_bytes", safetensors(one(), bytes(9)), "1 bytes follow the last tensor")
case("safetensors_nul_in_name", safetensors('{"a\\u0000b":%s}' % json.dumps(entry()), bytes(8)), "has a NUL")
case("safetensors_long_name", safetensors({"n" * 4097: entry()}, bytes(8)), "longer than 4096 bytes")
case("safetensors_boolean_3", safetensors(one(dtype="BOOL", end=2), b"\x00\x03"), "a boolean is 3; expected 0 or 1")
case("safetensors_checksum_form", safetensors({"__metadata__": {"heddle.sha256.a": "12"}, "a": entry()}, bytes(8)),
     "is not a SHA-256")
case("safetensors_checksum_alone", safetensors({"__metadata__": {"heddle.sha256.a": "0" * 64}, "a": entry()}, bytes(8)),
     "has checksums, but not \"heddle.sha256.__metadata__\"")
case("safetensors_checksum_of_header", safetensors(
    {"__metadata__": {"heddle.sha256.__metadata__": "0" * 64}, "a": entry()}, bytes(8)),
     "the header does not fit its SHA-256")

# ---- dataset.toml

GOOD = '[[modality]]\nname = "x"\nkind = "features"\nfile = "x.npy"\n'
case("toml_not_toml", "name = \n", "line 1, column")
case("toml_unfinished_text", 'name = "x\n', "line 1, column")
case("toml_key_twice", 'name = "x"\nname = "y"\n' + GOOD, "line 2, column")
case("toml_not_utf8", b'name = "\xff"\n', "line 1, column")
case("toml_empty", "", "has no key \"name\"")
case("toml_no_modality", 'name = "x"\n', "expected at least one [[modality]]")
case("toml_modality_not_list", 'name = "x"\n[modality]\nname = "x"\n', "expected at least one [[modality]]")
case("toml_unknown_key", 'name = "x"\nfoldr = "y"\n' + GOOD, "line 2: unknown key \"foldr\"; did you mean \"folder\"?")
case("toml_unknown_section", 'name = "x"\n' + GOOD + '[lable]\nfile = "y.npy"\n', "line 6: unknown key \"lable\"; did you mean \"label\"?")
case("toml_unknown_kind", 'name = "x"\n[[modality]]\nname = "x"\nkind = "feature"\nfile = "x.npy"\n',
     "unknown kind of modality \"feature\"; did you mean \"features\"?")
case("toml_name_is_number", "name = 3\n" + GOOD, "line 1: name is 3, expected text in quotes")
case("toml_share_is_one", 'name = "x"\n' + GOOD + "[split]\nvalid_share = 1\n", "expected a share between 0 and 1")
case("toml_share_is_nan", 'name = "x"\n' + GOOD + "[split]\nvalid_share = nan\n", "expected a share between 0 and 1")
case("toml_file_absolute", 'name = "x"\n[[modality]]\nname = "x"\nkind = "features"\nfile = "/etc/passwd"\n',
     "expected a file in the data folder")
case("toml_file_climbs", 'name = "x"\n[[modality]]\nname = "x"\nkind = "features"\nfile = "a/../../x.npy"\n',
     "expected a file in the data folder")
case("toml_two_sources", 'name = "x"\n[[modality]]\nname = "x"\nkind = "features"\nfile = "x.npy"\ncolumns = ["y"]\n',
     "expected exactly one of \"file\", \"column\" (tokens) and \"columns\"")
case("toml_key_of_other_kind", 'name = "x"\n[[modality]]\nname = "x"\nkind = "features"\nfile = "x.npy"\nmin_count = 2\n',
     "kind features has no key \"min_count\"")
case("toml_min_count_zero", 'name = "x"\n[[modality]]\nname = "x"\nkind = "tokens"\ncolumn = "t"\nmin_count = 0\n',
     "min_count is 0, expected a whole number from 1 on")
case("toml_two_of_a_name", 'name = "x"\n' + GOOD + GOOD, "two modalities are named \"x\"")
case("toml_column_without_table", 'name = "x"\n[[modality]]\nname = "x"\nkind = "tokens"\ncolumn = "t"\n',
     "there is no [table] with a file that has them")
case("toml_label_twice", 'name = "x"\n' + GOOD + '[label]\ncolumn = "y"\nfile = "y.npy"\n', "expected either \"column\" or \"file\"")
case("toml_deep", 'name = "x"\ny = ' + "[" * 400 + "]" * 400 + "\n", "line 2, column")
case("dataset_no_folder", 'name = "x"\nfolder = "nowhere"\n' + GOOD, "there is no such folder")
case("dataset_no_file", 'name = "x"\n' + GOOD, "cannot open")
case("dataset_bad_array", GOOD.replace("x.npy", "npy_pickle.npy").join(['name = "x"\n', ""]), "a pickle")
case("dataset_no_column", 'name = "x"\n[table]\nfile = "good.tsv"\n[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "txt"\n',
     "no column is named \"txt\"; did you mean \"text\"?")
case("dataset_bad_split", 'name = "x"\n[table]\nfile = "good.tsv"\n[split]\ncolumn = "split"\ntest = "held out"\n'
     '[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "text"\n', "line 4: column \"split\" has \"test\", expected one of")
case("dataset_group_in_two_splits", 'name = "x"\n[table]\nfile = "good.tsv"\n[split]\ncolumn = "split"\n[group]\ncolumn = "mixed"\n'
     '[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "text"\n', "group \"g\" is in two splits, train and test")
case("dataset_label_text", 'name = "x"\n[table]\nfile = "good.tsv"\n[label]\ncolumn = "text"\n'
     '[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "text"\n', "line 2: column \"text\" has \"a good film\", expected the name or the number of a class")
case("dataset_target_not_finite", 'name = "x"\n[table]\nfile = "good.tsv"\n[target]\ncolumn = "score"\n'
     '[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "text"\n', "line 3: column \"score\" has \"inf\", expected a finite number")
case("dataset_rows_differ", 'name = "x"\n[table]\nfile = "good.tsv"\n[[modality]]\nname = "x"\nkind = "features"\nfile = "good.npy"\n',
     "has 2 rows, expected one for each of the 3 samples")

# ---- .npz

def npz(*members, method=zipfile.ZIP_DEFLATED):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        for name, content in members:
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content, method)
    return file.getvalue()


ARRAY = npy(npy_dict(shape="(2, 3)"), struct.pack("<6f", *range(6)))
case("npz_empty_file", b"", "expected a .npz archive (zip)")
case("npz_is_npy", ARRAY, "expected a .npz archive (zip)")
case("npz_cut", npz(("x.npy", ARRAY))[:-30], "expected a .npz archive (zip)")
case("npz_bzip2", npz(("x.npy", ARRAY), method=zipfile.ZIP_BZIP2), "compressed by method 12; expected stored (0) or deflated (8)")
case("npz_encrypted", npz(("x.npy", ARRAY)).replace(b"PK\3\4\x14\0\0\0", b"PK\3\4\x14\0\1\0").replace(
    b"PK\1\2\x14\x03\x14\0\0\0", b"PK\1\2\x14\x03\x14\0\1\0"), "the array is encrypted")
case("npz_wrong_checksum", npz(("x.npy", ARRAY), method=zipfile.ZIP_STORED).replace(ARRAY[-4:], bytes(4)), "array \"x\"")
case("npz_member_is_pickle", npz(("x.npy", npy(npy_dict("'|O'"), b"\x80\x04\x95"))), "Python objects (a pickle), which are never read")
case("npz_member_is_text", npz(("notes.txt", b"hello")), "the file has 5 bytes; expected a .npy file")

# ---- .csv and .jsonl

case("csv_empty_file", "", "0 bytes")
case("csv_quote_inside", 'a,b\n1,x"y\n', "line 2: a quote inside a field that does not begin with one")
case("csv_text_after_quote", 'a,b\n1,"x"y\n', "line 2: expected a comma or the end of the line after field 2")
case("csv_quote_never_closed", 'a,b\n1,2\n3,"x\n\n', "line 3: a quote that is never closed")
case("csv_too_few_fields", "a,b\n1,2\n3\n", "line 3")
case("csv_too_many_fields", "a,b\n1,2,3\n", "line 2")
case("csv_column_twice", "a,a\n1,2\n", "column")
case("csv_not_utf8", b"a,b\n1,\xff\n", "line 2 (byte 6)")
case("csv_nul", b"a,b\n1,\0\n", "line 2 (byte 6): a NUL byte; expected text")
case("jsonl_not_json", '{"a": 1}\nhello\n', "line 2: expected a JSON object on one line")
case("jsonl_list", "[1, 2]\n", "line 1: expected a JSON object on one line")
case("jsonl_cut", '{"a": 1}\n{"a": \n', "line 2: expected a JSON object on one line")
case("jsonl_two_on_a_line", '{"a": 1} {"a": 2}\n', "line 1: expected a JSON object on one line")
case("jsonl_key_twice", '{"a": 1, "a": 2}\n', "line 1: the key \"a\" is given twice")
case("jsonl_nested", '{"a": 1}\n{"a": {"b": 2}}\n', "line 2: a value is a list or an object")
case("jsonl_deep", '{"a": ' + "[" * 3000 + "]" * 3000 + "}\n", "line 1: a value is a list or an object")
case("jsonl_not_utf8", b'{"a": "\xff"}\n', "line 1 (byte 7)")

# ---- pictures

def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width=2, height=2, rows=None, end=png_chunk(b"IEND", b"")):
    rows = zlib.compress(bytes(3 * 2)) if rows is None else rows  # grey: a filter byte and two pixels a row
    data = png_chunk(b"IDAT", rows) if rows else b""
    return b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", struct.pack(">2I5B", width, height, 8, 0, 0, 0, 0)) + data + end


def jpeg(width=8, height=8, tables=True, scan=b"\x3f", end=b"\xff\xd9"):
    """One grey block of 8×8: no difference of the mean (code 0), end of block (code 0), filled with ones."""
    def segment(marker, content):
        return bytes((0xFF, marker)) + struct.pack(">H", len(content) + 2) + content
    one_code = bytes((1,)) + bytes(15) + b"\0"
    file = b"\xff\xd8" + segment(0xDB, b"\0" + bytes((1,)) * 64)
    file += segment(0xC0, struct.pack(">BHHB", 8, height, width, 1) + b"\1\x11\0")
    if tables:
        file += segment(0xC4, b"\0" + one_code) + segment(0xC4, b"\x10" + one_code)
    return file + segment(0xDA, b"\1\1\0\0\x3f\0") + scan + end


case("png_empty_file", b"", "byte 0: expected a PNG or JPEG picture")
case("png_is_text", "P3 1 1 255 0 0 0\n", "byte 0: expected a PNG or JPEG picture")
case("png_magic_alone", b"\x89PNG\r\n\x1a\n", "not a PNG picture that can be read")
case("png_wrong_checksum", png().replace(b"\0\0\0\2\0\0\0\2", b"\0\0\0\2\0\0\0\3"), "PNG picture")
case("png_no_pixels", png(rows=b""), "PNG picture")
case("png_cut", png()[:-20], "the PNG picture is damaged")
case("png_too_few_pixels", png(height=200), "the PNG picture is damaged")
case("png_huge", png(width=1 << 19, height=1 << 19), "524288")
case("png_no_width", png(width=0), "PNG picture")
case("png_not_deflate", png(rows=b"\xff" * 20), "the PNG picture is damaged")
case("jpeg_magic_alone", b"\xff\xd8\xff", "JPEG picture")
case("jpeg_cut_in_header", jpeg()[:60], "not a JPEG picture that can be read")
case("jpeg_huge", jpeg(65500, 65500), "65500")
case("jpeg_no_tables", jpeg(tables=False), "the JPEG picture is damaged")
case("jpeg_cut", jpeg(64, 64, scan=b"", end=b""), "the JPEG picture is damaged")

# ---- .wav

def wav(form=1, channels=1, rate=8000, bits=16, data=bytes(8), stated=None, kind=b"WAVE", with_format=True):
    block = channels * bits // 8
    head = struct.pack("<4sI2H2I2H", b"fmt ", 16, form, channels, rate, rate * block, block, bits) if with_format else b""
    body = kind + head + struct.pack("<4sI", b"data", len(data) if stated is None else stated) + data
    return b"RIFF" + struct.pack("<I", len(body)) + body


case("wav_empty_file", b"", "expected a WAV file")
case("wav_is_text", "hello, this is no sound at all\n" * 3, "expected a WAV file")
case("wav_other_riff", wav(kind=b"AVI "), "expected a WAV file")
case("wav_without_format", wav(with_format=False), "expected a WAV file")
case("wav_no_channel", wav(channels=0), "expected a WAV file")
case("wav_too_many_channels", wav(channels=65, data=bytes(130)), "65 channels at 8000 Hz, expected 1")
case("wav_no_rate", wav(rate=0), "expected")
case("wav_unknown_coding", wav(form=0x1234), "expected a WAV file")
case("wav_not_finite", wav(form=3, bits=32, data=struct.pack("<2f", 0.5, float("nan"))), "sample 1 is nan, expected a finite number")
case("wav_aiff", b"FORM" + struct.pack(">I", 46) + b"AIFFCOMM" + struct.pack(">IhIh", 18, 1, 2, 16)
     + bytes.fromhex("400bfa00000000000000") + b"SSND" + struct.pack(">3I", 12, 0, 0) + bytes(4), "another format, expected WAV")
# ---- word vectors

case("vectors_empty_file", b"", "is empty; expected lines of a word and its numbers")
case("vectors_word_alone", "the\n", "line 1: has 0 numbers; expected a word and 1 … 4096 numbers")
case("vectors_width_0", "1 0\nthe\n", "line 1: says that vectors have 0 numbers")
case("vectors_width_4_gib", "1 4294967296\nthe 1\n", "line 1: says that vectors have 4294967296 numbers")
case("vectors_too_few_numbers", "the 1 2 3\nof 1 2\n", "line 2: has 3 fields; expected a word and 3 numbers")
case("vectors_too_many_numbers", "2 2\nthe 1 2\nof 1 x 3\n", "line 3: number 1 is \"x\"")
case("vectors_no_word", "the 1 2\n 3 4\n", "line 2: has no word before its 2 numbers")
case("vectors_empty_line", "the 1 2\n\nof 3 4\n", "line 2: has 1 fields; expected a word and 2 numbers")
case("vectors_not_a_number", "the 1 2\nof 1 two\n", "line 2: number 2 is \"two\"; expected a finite number")
case("vectors_nan", "the 1 nan\n", "line 1: number 2 is \"nan\"; expected a finite number")
case("vectors_infinite", "the 1 2\nof inf 2\n", "line 2: number 1 is \"inf\"; expected a finite number")
case("vectors_beyond_f32", "the 1 1e39\n", "line 1: number 2 is \"1e39\"; expected a finite number")
case("vectors_two_spaces", "the 1 2 3\nof 1  3\n", "line 2: number 2 is \"\"; expected a finite number")
case("vectors_number_cut", "the 1 2\nof 1 -", "line 2: number 2 is \"-\"; expected a finite number")
case("vectors_lines_missing", "3 2\nthe 1 2\nof 3 4\n", "line 1 says that 3 lines follow, but there are 2")
case("vectors_lines_too_many", "1 2\nthe 1 2\nof 3 4\n", "line 1 says that 1 lines follow, but there are 2")
case("vectors_binary", b"3 2\nthe \x00\x00\x80\x3f\x00\x00\x00\x40\nof ", "line 2: has 2 fields; expected a word and 2 numbers")

# ---- well-formed files: what the cases above refer to, and seeds for the fuzzers

(HERE / "good.npy").write_bytes(npy(npy_dict(shape="(2, 3)"), struct.pack("<6f", *range(6))))
(HERE / "good.npz").write_bytes(npz(("x.npy", ARRAY)))
(HERE / "good.csv").write_text('text,score\n"a ""good"" film, and long",1.5\nshort,2\n')
(HERE / "good.jsonl").write_text('{"text": "a film", "score": 1.5}\n{"score": null, "seen": true}\n')
(HERE / "good.png").write_bytes(png())
(HERE / "good.jpeg").write_bytes(jpeg())
(HERE / "good.wav").write_bytes(wav(channels=2))
(HERE / "good.tsv").write_text("text\tsplit\tmixed\tscore\na good film\ttrain\tg\t1.5\n"
                               "a bad film\ttrain\th\tinf\nnot bad\ttest\tg\t0\n")
(HERE / "good.vectors.txt").write_text("the 0.5 -1\na b 2 1e-3\n")
(HERE / "good.safetensors").write_bytes(
    safetensors({"__metadata__": {"k": "v"}, "a": entry(), "b": entry("BOOL", (), 8, 9)}, bytes(9)))
(HERE / "good.toml").write_text(
    'name = "x"\nfolder = "."\n[table]\nfile = "good.tsv"\n[split]\ncolumn = "split"\nvalid_share = 0.5\nvalid_seed = 3\n'
    '[group]\ncolumn = "text"\norder = "score"\n[label]\ncolumn = "split"\nnames = ["train", "test"]\n'
    '[[modality]]\nname = "t"\nkind = "tokens"\ncolumn = "text"\nmin_count = 1\n'
    '[[modality]]\nname = "i"\nkind = "image"\nfile = "i.npy"\nrows = "score"\nchannels_last = true\nstandardise = true\n'
    '[[modality]]\nname = "s"\nkind = "sequence"\nfile = "s.npy"\nlengths = "l.npy"\n')

with open(HERE / "manifest.tsv", "w", encoding="utf-8") as manifest:
    manifest.write("file\tkind\texpected\n")
    for row in cases:
        manifest.write("\t".join(row) + "\n")
print(f"{len(cases)} malformed files")
