"""What lies on disk, as a tree."""

from pathlib import Path

from rich.text import Text
from rich.tree import Tree

from mvidarr_common.cli.output import cell
from mvidarr_common.cli.words import size


def files_tree(root: Path) -> Tree:
    """Every file below a folder, with its size; empty folders are left out."""
    tree = Tree(cell(f"{root}/", "bold"), guide_style="dim")
    _grow(tree, root)
    return tree


def _grow(tree: Tree, folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        if path.is_dir() and not path.is_symlink():
            if any(inside.is_file() for inside in path.rglob("*")):
                _grow(tree.add(cell(f"{path.name}/")), path)
        else:
            line = Text.assemble(cell(path.name), "  ")
            tree.add(line.append_text(cell(size(path.lstat().st_size), "dim")))
