/** What no file system of ours does: its files come from the server, and there are no folders. */

import * as vscode from "vscode";

export abstract class OwnFiles implements vscode.FileSystemProvider {
  protected readonly changed = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
  readonly onDidChangeFile = this.changed.event;

  abstract stat(uri: vscode.Uri): Promise<vscode.FileStat>;

  abstract readFile(uri: vscode.Uri): Promise<Uint8Array>;

  abstract writeFile(uri: vscode.Uri, content: Uint8Array): void | Promise<void>;

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => undefined); // The server tells what changes.
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  delete(): never {
    throw vscode.FileSystemError.NoPermissions();
  }

  rename(): never {
    throw vscode.FileSystemError.NoPermissions();
  }
}
