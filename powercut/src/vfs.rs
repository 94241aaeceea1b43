//! The VFS (SQLite's interface to files): passes every call on to SQLite's default VFS, and records each change to a
//! file.
//!
//! The shared memory of a write-ahead log is not recorded, because SQLite recreates it after a power cut.

use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::ptr::null_mut;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use libsqlite3_sys as sqlite;
use sqlite::{sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs};

use crate::log::{Log, Refusal, Step, Syncs};

/// SQLite's VFS struct, followed by our own fields. SQLite passes the address of the first field to our functions.
#[repr(C)]
struct Vfs {
    base: sqlite3_vfs,
    real: *mut sqlite3_vfs,
    log: Arc<Log>,
}

/// SQLite's file struct, followed by our own field. The default VFS's file follows this struct in memory.
#[repr(C)]
struct File {
    base: sqlite3_file,
    tracked: *mut Tracked,
}

/// What the VFS knows about an open file in the recorded folder.
struct Tracked {
    log: Arc<Log>,
    file: usize,
    /// Whether the next sync of this file also syncs the folder. The default VFS does this at the first sync of a
    /// journal or a write-ahead log that it created.
    syncs_folder: AtomicBool,
}

const METHODS: &sqlite3_io_methods = &sqlite3_io_methods {
    // The version is not 3, because SQLite would then map files into memory, where we could not record its writes.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Creates a VFS that records into `log`, and registers it with SQLite. Returns its name.
pub(crate) fn register(log: Arc<Log>) -> io::Result<String> {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let name = format!("powercut{}", COUNT.fetch_add(1, Ordering::Relaxed));
    // SAFETY: without a name, this function returns the default VFS, which is never unregistered.
    let real = unsafe { sqlite::sqlite3_vfs_find(std::ptr::null()) };
    if real.is_null() {
        return Err(io::Error::other("SQLite has no default VFS"));
    }
    // SAFETY: `real` was just found, and is not null. Methods that are not replaced below do not need the address of
    // the original struct. The copy has everything that they need.
    let mut base = unsafe { *real };
    let own_size = c_int::try_from(size_of::<File>()).map_err(io::Error::other)?;
    base.szOsFile += own_size;
    base.pNext = null_mut();
    base.xOpen = Some(open);
    base.xDelete = Some(delete);
    // The name is never freed, because the VFS needs it as long as the process runs.
    base.zName = CString::new(name.clone())?.into_raw();
    let vfs = Box::into_raw(Box::new(Vfs { base, real, log }));
    // SAFETY: `vfs` is never freed, and begins with the struct that SQLite expects.
    let code = unsafe { sqlite::sqlite3_vfs_register(vfs.cast(), 0) };
    if code == sqlite::SQLITE_OK { Ok(name) } else { Err(io::Error::other("SQLite rejected the VFS")) }
}

/// The name of a file in the recorded folder, from the full path that SQLite passes. `None` for a file without a name
/// or outside the folder.
///
/// # Safety
/// `path` must be null or point to a string that ends with a zero byte.
unsafe fn name_of(log: &Log, path: *const c_char) -> Option<String> {
    if path.is_null() {
        return None;
    }
    // SAFETY: the caller guarantees the condition above.
    let path = unsafe { CStr::from_ptr(path) };
    log.name_of(Path::new(OsStr::from_bytes(path.to_bytes())))
}

/// The default VFS's file struct, which follows our own file struct in memory.
///
/// # Safety
/// `file` must be one of ours. SQLite then allocated `szOsFile` bytes for it, and our struct is at their start.
unsafe fn real_file_of(file: *mut sqlite3_file) -> *mut sqlite3_file {
    // SAFETY: the caller guarantees the condition above. The size of our struct is a multiple of the alignment of a
    // pointer.
    unsafe { file.cast::<File>().add(1).cast() }
}

/// What the VFS knows about a file; `None` if it is not in the recorded folder.
///
/// # Safety
/// `file` must be one of ours, and open.
unsafe fn tracked<'a>(file: *mut sqlite3_file) -> Option<&'a Tracked> {
    // SAFETY: `tracked` is null, or was created by `open` and lives until `close`.
    unsafe { (*file.cast::<File>()).tracked.as_ref() }
}

/// Why writes to a file fail; `None` if they succeed.
///
/// # Safety
/// `file` must be one of ours, and open.
unsafe fn refusal(file: *mut sqlite3_file) -> Option<Refusal> {
    // SAFETY: the caller guarantees the condition above.
    unsafe { tracked(file) }.and_then(|tracked| tracked.log.refusal())
}

unsafe extern "C" fn open(
    vfs: *mut sqlite3_vfs,
    path: sqlite::sqlite3_filename,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls this with the VFS that we registered, and with memory of the size that the VFS asks for.
    unsafe {
        let vfs = &*vfs.cast::<Vfs>();
        let real_file = real_file_of(file);
        (*file).pMethods = std::ptr::null();
        (*real_file).pMethods = std::ptr::null();
        let open = (*vfs.real).xOpen.expect("a VFS must have xOpen");
        // The lock is held while the file is opened. If two callers open the same new file, only one creation is
        // recorded.
        let mut recorded = vfs.log.recorded();
        let code = open(vfs.real, path, real_file, flags, out_flags);
        if code != sqlite::SQLITE_OK {
            if let Some(close) = (*real_file).pMethods.as_ref().and_then(|methods| methods.xClose) {
                close(real_file);
            }
            return code;
        }
        let tracked = name_of(&vfs.log, path).map(|name| {
            let journal_flags = sqlite::SQLITE_OPEN_WAL
                | sqlite::SQLITE_OPEN_MAIN_JOURNAL
                | sqlite::SQLITE_OPEN_SUPER_JOURNAL;
            let syncs_folder = flags & sqlite::SQLITE_OPEN_CREATE != 0 && flags & journal_flags != 0;
            Box::into_raw(Box::new(Tracked {
                log: Arc::clone(&vfs.log),
                file: recorded.record_open(name),
                syncs_folder: AtomicBool::new(syncs_folder),
            }))
        });
        (*file.cast::<File>()).tracked = tracked.unwrap_or(null_mut());
        (*file).pMethods = METHODS;
        code
    }
}

unsafe extern "C" fn delete(vfs: *mut sqlite3_vfs, path: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite calls this with the VFS that we registered, and a path.
    unsafe {
        let vfs = &*vfs.cast::<Vfs>();
        let delete = (*vfs.real).xDelete.expect("a VFS must have xDelete");
        let mut recorded = vfs.log.recorded();
        let code = delete(vfs.real, path, sync_folder);
        if code == sqlite::SQLITE_OK
            && let Some(name) = name_of(&vfs.log, path)
        {
            recorded.record_deletion(name);
            if sync_folder != 0 && vfs.log.syncs == Syncs::Kept {
                let began = recorded.position();
                recorded.push(Step::FolderSynced { began });
            }
        }
        code
    }
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    // SAFETY: SQLite closes a file only once, and does not use it afterwards.
    unsafe {
        let tracked = std::mem::replace(&mut (*file.cast::<File>()).tracked, null_mut());
        if !tracked.is_null() {
            drop(Box::from_raw(tracked));
        }
        let real_file = real_file_of(file);
        (*(*real_file).pMethods).xClose.expect("a file must have xClose")(real_file)
    }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    // SAFETY: SQLite calls this with a file that we opened, and a buffer of this length.
    unsafe {
        match refusal(file) {
            Some(Refusal::Full) => return sqlite::SQLITE_FULL,
            Some(Refusal::Fails) => return sqlite::SQLITE_IOERR_WRITE,
            None => {}
        }
        let real_file = real_file_of(file);
        let code = (*(*real_file).pMethods).xWrite.expect("a file must have xWrite")(
            real_file, bytes, length, offset,
        );
        if code == sqlite::SQLITE_OK
            && let Some(tracked) = tracked(file)
        {
            let bytes = std::slice::from_raw_parts(bytes.cast::<u8>(), to_usize(length.into()));
            let step = Step::Written { file: tracked.file, offset: to_usize(offset), bytes: bytes.into() };
            tracked.log.recorded().push(step);
        }
        code
    }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, to: sqlite3_int64) -> c_int {
    // SAFETY: SQLite calls this with a file that we opened.
    unsafe {
        let real_file = real_file_of(file);
        let code = (*(*real_file).pMethods).xTruncate.expect("a file must have xTruncate")(real_file, to);
        if code == sqlite::SQLITE_OK
            && let Some(tracked) = tracked(file)
        {
            tracked.log.recorded().push(Step::Truncated { file: tracked.file, size: to_usize(to) });
        }
        code
    }
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: SQLite calls this with a file that we opened.
    unsafe {
        if refusal(file) == Some(Refusal::Fails) {
            return sqlite::SQLITE_IOERR_FSYNC;
        }
        let tracked = tracked(file);
        if tracked.is_some_and(|tracked| tracked.log.syncs == Syncs::Ignored) {
            return sqlite::SQLITE_OK;
        }
        let began = tracked.map(|tracked| tracked.log.recorded().position());
        let real_file = real_file_of(file);
        let code = (*(*real_file).pMethods).xSync.expect("a file must have xSync")(real_file, flags);
        if code == sqlite::SQLITE_OK
            && let (Some(tracked), Some(began)) = (tracked, began)
        {
            let mut recorded = tracked.log.recorded();
            recorded.push(Step::Synced { file: tracked.file, began });
            if tracked.syncs_folder.swap(false, Ordering::Relaxed) {
                recorded.push(Step::FolderSynced { began });
            }
        }
        code
    }
}

fn to_usize(number: sqlite3_int64) -> usize {
    usize::try_from(number).expect("a size from SQLite must not be negative")
}

/// Defines methods that pass the call on to the default VFS unchanged.
macro_rules! pass_through {
    ($name:ident calls $method:ident($($parameter:ident: $kind:ty),*) $(-> $result:ty)?) => {
        unsafe extern "C" fn $name(file: *mut sqlite3_file $(, $parameter: $kind)*) $(-> $result)? {
            // SAFETY: SQLite calls this with a file that we opened, and with arguments that are valid for the default
            // VFS.
            unsafe {
                let real_file = real_file_of(file);
                let method = (*(*real_file).pMethods).$method.expect("a file must have this method");
                method(real_file $(, $parameter)*)
            }
        }
    };
}

pass_through!(read calls xRead(into: *mut c_void, length: c_int, offset: sqlite3_int64) -> c_int);
pass_through!(file_size calls xFileSize(out: *mut sqlite3_int64) -> c_int);
pass_through!(lock calls xLock(level: c_int) -> c_int);
pass_through!(unlock calls xUnlock(level: c_int) -> c_int);
pass_through!(check_reserved_lock calls xCheckReservedLock(out: *mut c_int) -> c_int);
pass_through!(file_control calls xFileControl(what: c_int, argument: *mut c_void) -> c_int);
pass_through!(sector_size calls xSectorSize() -> c_int);
pass_through!(device_characteristics calls xDeviceCharacteristics() -> c_int);
pass_through!(shm_map calls xShmMap(page: c_int, size: c_int, extend: c_int, out: *mut *mut c_void) -> c_int);
pass_through!(shm_lock calls xShmLock(offset: c_int, count: c_int, flags: c_int) -> c_int);
pass_through!(shm_barrier calls xShmBarrier());
pass_through!(shm_unmap calls xShmUnmap(delete: c_int) -> c_int);
