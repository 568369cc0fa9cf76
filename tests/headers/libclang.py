"""Clang as a library, which reads a file in a fraction of the time that starting a compiler takes."""

import ctypes
import shutil
import subprocess

LIBRARY = "libclang-14.so.1"  # Debian 12's, which comes with clang
INCOMPLETE, FOR_SERIALIZATION = 0x02, 0x10  # how a file is read that is precompiled
WARNING = 2  # severity
HOW_TO_SHOW = 1  # with the place in the source


class String(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("flags", ctypes.c_uint)]


class UnsavedFile(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("contents", ctypes.c_char_p),
                ("length", ctypes.c_ulong)]


class Clang:
    @classmethod
    def find(cls):
        """Nothing where it is not installed."""
        program = shutil.which("clang++")
        try:
            return cls(ctypes.CDLL(LIBRARY), program) if program else None
        except OSError:
            return None

    def __init__(self, library, program):
        pointer, text = ctypes.c_void_p, ctypes.c_char_p
        for name, result, arguments in (
                ("createIndex", pointer, [ctypes.c_int, ctypes.c_int]),
                ("parseTranslationUnit2", ctypes.c_int,
                 [pointer, text, pointer, ctypes.c_int, pointer, ctypes.c_uint, ctypes.c_uint,
                  pointer]),
                ("saveTranslationUnit", ctypes.c_int, [pointer, text, ctypes.c_uint]),
                ("disposeTranslationUnit", None, [pointer]),
                ("getNumDiagnostics", ctypes.c_uint, [pointer]),
                ("getDiagnostic", pointer, [pointer, ctypes.c_uint]),
                ("getDiagnosticSeverity", ctypes.c_int, [pointer]),
                ("disposeDiagnostic", None, [pointer]),
                ("formatDiagnostic", String, [pointer, ctypes.c_uint]),
                ("getCString", text, [String]),
                ("disposeString", None, [String])):
            function = getattr(library, f"clang_{name}")
            function.restype, function.argtypes = result, arguments
            setattr(self, f"_{name}", function)
        self._index = self._createIndex(0, 0)
        folder = subprocess.run([program, "-print-resource-dir"], check=True, text=True,
                                stdout=subprocess.PIPE).stdout.strip()
        self._flags = ["-resource-dir", folder]

    def complaints(self, source, flags, precompiled=None):
        """The errors and warnings of a source; one without any is precompiled, if there is a file
        for that."""
        name, contents = b"/chain.cpp", source.encode()
        words = [flag.encode() for flag in (*self._flags, *flags)]
        if precompiled:
            words += [b"-x", b"c++-header"]
        unsaved = UnsavedFile(name, contents, len(contents))
        unit = ctypes.c_void_p()
        failure = self._parseTranslationUnit2(
            self._index, name, (ctypes.c_char_p * len(words))(*words), len(words),
            ctypes.byref(unsaved), 1, INCOMPLETE | FOR_SERIALIZATION if precompiled else 0,
            ctypes.byref(unit))
        if failure:
            return [f"libclang: error {failure}"]
        found = list(self._diagnostics(unit))
        if precompiled and not found:
            failure = self._saveTranslationUnit(unit, str(precompiled).encode(), 0)
            found += [f"libclang: error {failure} of saving"] * (failure != 0)
        self._disposeTranslationUnit(unit)
        return found

    def _diagnostics(self, unit):
        for number in range(self._getNumDiagnostics(unit)):
            one = self._getDiagnostic(unit, number)
            if self._getDiagnosticSeverity(one) >= WARNING:
                formatted = self._formatDiagnostic(one, HOW_TO_SHOW)
                yield self._getCString(formatted).decode()
                self._disposeString(formatted)
            self._disposeDiagnostic(one)
