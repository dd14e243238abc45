"""The words of the tables on Chinese pages, in Chinese; a word that is not listed stays as it is."""

WORDS = {
    "method": "方法", "YouTube Faces, NME": "YouTube Faces NME", "LFPW, NME": "LFPW NME",
    "HELEN, NME": "HELEN NME", "default faces, NME": "默认人脸 NME", "ms": "毫秒",
    "over dlib": "与 dlib 之比", "learnt from": "训练数据",
    "photographs": "照片", "default faces": "默认人脸", "photographs, teacher": "照片、教师网络",
    "notebook": "notebook", "minutes to read": "阅读（分钟）", "seconds to compute": "计算（秒）",
    "Active appearance model": "主动外观模型", "Active shape model": "主动形状模型",
    "Cascaded pose regression": "级联姿态回归", "DCNN, three levels": "DCNN（三级）",
    "dlib, 68 points": "dlib（68 点）", "Ensemble of regression trees": "回归树集成",
    "Explicit shape regression": "显式形状回归", "Face++ cascade": "Face++ 级联",
    "FAN (hourglass)": "FAN（沙漏网络）", "Heatmap with offsets": "带偏移的热图", "Joint cascade": "联合级联",
    "Local binary features": "局部二值特征", "Mean shape": "平均形状",
    "Supervised descent method": "监督下降法", "SENet regression": "SENet 回归",
    "TCDCN (many tasks)": "TCDCN（多任务）",
}  # fmt: skip


def translated(rows):
    """Rows of a table with the words that are known in Chinese.

    >>> translated([["method", "ms"], ["dlib, 68 points", "2.7"]])
    [['方法', '毫秒'], ['dlib（68 点）', '2.7']]
    """
    return [[WORDS.get(cell, cell) for cell in row] for row in rows]
