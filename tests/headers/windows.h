// The macros of Windows' header of this name, for a test on other systems. Headers of the standard
// library come before them, as those of other compilers do not know of them.
#include <bits/stdc++.h>

#define min(a, b) (((a) < (b)) ? (a) : (b))
#define max(a, b) (((a) > (b)) ? (a) : (b))
#define small char
#define hyper long long
#define near
#define far
#define NEAR near
#define FAR far
#define IN
#define OUT
#define OPTIONAL
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0
#define NO_ERROR 0L
#define IGNORE 0
#define DELETE (0x00010000L)
#define STRICT 1
#define ABSOLUTE 1
#define RELATIVE 2
#define interface struct
#define Yield()
#define CreateFile CreateFileW
#define GetMessage GetMessageW
#define GetObject GetObjectW
#define LoadImage LoadImageW
